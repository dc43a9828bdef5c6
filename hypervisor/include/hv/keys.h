/* SPDX-License-Identifier: MIT */
/* Debug keys, with Xen's letters: from the serial console and from sysctl debug_keys. */
#pragma once

void debug_key(char key);
