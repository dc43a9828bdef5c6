// SPDX-License-Identifier: MIT
/* Sizes as dom0_mem= knows them, [-]SIZE, PERCENT% or SIZE+PERCENT%, and what they mean on a machine. */
#include "hv/bootopts.h"

bool bootopts_read_size(const char *word, struct boot_size *size)
{
	struct boot_size s = { .given = true, .negative = *word == '-' };
	const char *end;
	uint64_t number;

	word += s.negative;
	if (str_to_u64(word, &end, 0, &number) && *end == '%') {
		s.percent = number < 100 ? (unsigned)number : 100;
		word = end + 1;
	} else {
		if (!str_to_size(word, &word, 10, &s.bytes))
			return false;
		if (*word == '+') {
			if (!str_to_u64(word + 1, &word, 0, &number) || *word++ != '%')
				return false;
			s.percent = number < 100 ? (unsigned)number : 100;
		}
	}
	if (*word != '\0' || s.percent >= 100)
		return false;
	*size = s;
	return true;
}

/* Multiplied in two parts, so that no size of machine overflows. */
static uint64_t percent_of(uint64_t total, unsigned percent)
{
	return total / 100 * percent + total % 100 * percent / 100;
}

/* How many bytes a size means on a machine with total bytes; 0 to total. */
static uint64_t bytes_of(const struct boot_size *size, uint64_t total)
{
	uint64_t bytes = size->bytes < total ? size->bytes : total;
	uint64_t part = percent_of(total, size->percent);

	bytes = part < total - bytes ? bytes + part : total;
	return size->negative ? total - bytes : bytes;
}

uint64_t bootopts_dom0_bytes(const struct boot_options *options, uint64_t available,
			     uint64_t usual)
{
	uint64_t bytes = usual < available ? usual : available;
	uint64_t bound;

	if (options->dom0_mem.given)
		bytes = bytes_of(&options->dom0_mem, available);
	if (options->dom0_min.given) {
		bound = bytes_of(&options->dom0_min, available);
		bytes = bytes < bound ? bound : bytes;
	}
	if (options->dom0_max.given) {
		bound = bytes_of(&options->dom0_max, available);
		bytes = bytes > bound ? bound : bytes;
	}
	return bytes;
}
