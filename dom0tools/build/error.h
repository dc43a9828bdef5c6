/* SPDX-License-Identifier: MIT */
/* Why a domain could not be built: one line for the user, made where the reason is known. */
#pragma once

struct build_error {
	char text[256];	/* no newline; "" when there was no error */
};

/** Formats the text, unless there is one already, and returns the code. */
int build_fail(struct build_error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
