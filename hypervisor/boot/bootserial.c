// SPDX-License-Identifier: MIT
/*
 * The value of com1= and com2=: BAUD[/BASE][,DPS[,IO-BASE[,IRQ]]] by position, or name=value in any
 * place. Serial ports behind PCI are named as not supported: the machines this is for have
 * the two ports where they always were.
 */
#include "hv/bootopts.h"

#define WORD_MAX 64

static const char not_supported[] = "names something that is not supported";

static bool read_unsigned(const char *word, unsigned *value)
{
	uint64_t number;

	if (!str_to_u64(word, NULL, 0, &number) || number > UINT32_MAX)
		return false;
	*value = (unsigned)number;
	return true;
}

static const char *set_baud(struct boot_serial *s, const char *word)
{
	const char *end;
	uint64_t baud, base;

	if (str_equal(word, "auto")) {
		s->baud = 0;
		return NULL;
	}
	if (!str_to_u64(word, &end, 0, &baud) || baud < 50 || baud > 4000000)
		return "wants a baud rate, or auto";
	if (*end == '/') {
		if (!str_to_u64(end + 1, &end, 0, &base) || base < baud || base > 4000000)
			return "wants a base rate not below the baud rate";
		s->clock_hz = (unsigned)base * 16;
	}
	if (*end != '\0')
		return "wants a baud rate, or auto";
	s->baud = (unsigned)baud;
	return NULL;
}

static bool is_parity(char c)
{
	return c != '\0' && str_find_char("noems", c) != NULL;
}

/* "8n1" */
static const char *set_format(struct boot_serial *s, const char *word)
{
	if (str_len(word) != 3 || word[0] < '5' || word[0] > '8' || !is_parity(word[1]) ||
	    (word[2] != '1' && word[2] != '2'))
		return "wants data bits, parity and stop bits as in 8n1";
	s->data_bits = (unsigned)(word[0] - '0');
	s->parity = word[1];
	s->stop_bits = (unsigned)(word[2] - '0');
	return NULL;
}

static const char *set_io_base(struct boot_serial *s, const char *word)
{
	unsigned base;

	if (!read_unsigned(word, &base))
		return not_supported;	/* "pci", "amt" */
	if (base == 0 || base > 0xfff8)
		return "wants an I/O port";
	s->io_base = (uint16_t)base;
	return NULL;
}

static const char *set_irq(struct boot_serial *s, const char *word)
{
	unsigned irq;

	if (!read_unsigned(word, &irq))
		return not_supported;	/* "msi" */
	if (irq < 2 || irq > 15)	/* 0 would be polling, 1 is the keyboard's */
		return "wants an interrupt of 2 to 15";
	s->irq = irq;
	return NULL;
}

static const char *set_serial_bits(struct boot_serial *s, const char *word)
{
	unsigned bits;

	if (!read_unsigned(word, &bits) || bits < 5 || bits > 8)
		return "wants 5 to 8 data bits";
	s->data_bits = bits;
	return NULL;
}

static const char *set_serial_stop(struct boot_serial *s, const char *word)
{
	unsigned bits;

	if (!read_unsigned(word, &bits) || bits < 1 || bits > 2)
		return "wants 1 or 2 stop bits";
	s->stop_bits = bits;
	return NULL;
}

static const char *set_serial_parity(struct boot_serial *s, const char *word)
{
	if (!is_parity(word[0]) || word[1] != '\0')
		return "wants a parity of n, o, e, m or s";
	s->parity = word[0];
	return NULL;
}

static const char *set_serial_clock(struct boot_serial *s, const char *word)
{
	unsigned hz;

	if (!read_unsigned(word, &hz) || hz < 16 * 50)
		return "wants a clock in Hz";
	s->clock_hz = hz;
	return NULL;
}

static const char *set_serial_named(struct boot_serial *s, const char *word)
{
	static const struct {
		const char *prefix;
		const char *(*set)(struct boot_serial *s, const char *word);
	} names[] = {
		{ "baud=", set_baud },
		{ "clock-hz=", set_serial_clock },
		{ "data-bits=", set_serial_bits },
		{ "io-base=", set_io_base },
		{ "irq=", set_irq },
		{ "parity=", set_serial_parity },
		{ "stop-bits=", set_serial_stop },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = str_skip_prefix(word, names[i].prefix);

		if (value != NULL)
			return names[i].set(s, value);
	}
	return not_supported;
}

const char *bootopts_read_serial(struct boot_serial *serial, const char *value)
{
	static const char *(*const positional[])(struct boot_serial *s, const char *word) = {
		set_baud, set_format, set_io_base, set_irq,
	};
	struct str_span list = { value, str_len(value) };
	struct str_span piece;
	struct boot_serial s = *serial;
	const char *fault = NULL;
	char word[WORD_MAX];

	for (size_t place = 0; fault == NULL && str_split(&list, ',', &piece); place++) {
		if (!str_copy_span(word, sizeof(word), piece))
			fault = not_supported;
		else if (str_find_char(word, '=') != NULL)
			fault = set_serial_named(&s, word);
		else if (place >= sizeof(positional) / sizeof(positional[0]))
			fault = not_supported;
		else if (*word != '\0')
			fault = positional[place](&s, word);
	}
	if (fault == NULL)
		*serial = s;
	return fault;
}
