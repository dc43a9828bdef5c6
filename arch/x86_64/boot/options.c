// SPDX-License-Identifier: MIT
/*
 * The load options: "[NAME.efi] [-cfg=FILE] [SECTION] [-- OPTIONS]", in the words of xen.efi. A
 * shell puts the application's name first, a boot entry usually does not; and firmware is known
 * to pass bytes that are no text at all, which are not worth failing the boot for.
 */
#include "loader.h"

#include "hv/str.h"

#define LINE_MAX (BOOT_OPTIONS_MAX + 512)

/* Turns UCS-2 into ASCII. Returns false for what is no plain text. */
static bool to_ascii(char *line, const CHAR16 *wide, size_t bytes)
{
	size_t n = bytes / sizeof(*wide);
	size_t i;

	if (n >= LINE_MAX || bytes % sizeof(*wide) != 0)
		return false;
	for (i = 0; i < n && wide[i] != 0; i++) {
		if (wide[i] != '\t' && (wide[i] < ' ' || wide[i] > '~'))
			return false;
		line[i] = (char)wide[i];
	}
	line[i] = '\0';
	return true;
}

static const char *skip_spaces(const char *s)
{
	while (str_is_space(*s))
		s++;
	return s;
}

static bool ends_with_efi(struct str_span word)
{
	static const char suffix[] = ".efi";

	if (word.len < 4)
		return false;
	for (size_t i = 0; i < 4; i++) {
		char c = word.at[word.len - 4 + i];

		if ((c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c) != suffix[i])
			return false;
	}
	return true;
}

static EFI_STATUS read_word(struct options *o, struct str_span word)
{
	static const char cfg[] = "-cfg=";
	size_t n = sizeof(cfg) - 1;

	if (word.len > n && str_ncmp(word.at, cfg, n) == 0) {
		word.at += n;
		word.len -= n;
		if (str_copy_span(o->config, sizeof(o->config), word))
			return EFI_SUCCESS;
	} else if (str_span_equal(word, "-basevideo")) {
		return EFI_SUCCESS;	/* xen.efi's; the screen is not touched anyway */
	} else if (word.at[0] != '-') {
		if (str_copy_span(o->section, sizeof(o->section), word))
			return EFI_SUCCESS;
	}
	say("load options: %.*s is not understood; usage: [-cfg=FILE] [SECTION] [-- OPTIONS]",
	    (int)word.len, word.at);
	return EFI_INVALID_PARAMETER;
}

EFI_STATUS options_read(struct options *options, EFI_LOADED_IMAGE *loaded)
{
	static char line[LINE_MAX];
	EFI_STATUS status = EFI_SUCCESS;
	bool first = true;

	*options = (struct options){ "", "", "" };
	if (loaded->LoadOptions == NULL || loaded->LoadOptionsSize < sizeof(CHAR16) ||
	    !to_ascii(line, loaded->LoadOptions, loaded->LoadOptionsSize))
		return EFI_SUCCESS;
	for (const char *s = skip_spaces(line); *s != '\0' && status == EFI_SUCCESS;
	     s = skip_spaces(s), first = false) {
		struct str_span word = { s, 0 };

		while (*s != '\0' && !str_is_space(*s))
			s++;
		word.len = (size_t)(s - word.at);
		if (str_span_equal(word, "--")) {
			if (!str_copy(options->extra, sizeof(options->extra), skip_spaces(s))) {
				say("load options: too long");
				return EFI_INVALID_PARAMETER;
			}
			return EFI_SUCCESS;
		}
		if (!first || !ends_with_efi(word))
			status = read_word(options, word);
	}
	return status;
}
