/* SPDX-License-Identifier: MIT */
/* What happened to a domain while nobody looked: /var/log/xen/xl-NAME.log, as on Xen. */
#pragma once

/** Appends a line; a log that has grown too long starts anew. Failures are silent. */
void log_write(const char *domain, const char *format, ...) __attribute__((format(printf, 2, 3)));
