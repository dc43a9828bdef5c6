/* SPDX-License-Identifier: MIT */
/* The table of all keys of xl.cfg(5) that are known, for domconf.c alone. */
#pragma once

#include "domconf/domconf.h"

/** Why a setting is not taken, or that it is. */
enum key_fate {
	KEY_UNKNOWN,
	KEY_READ,		/* read into struct domconf */
	KEY_WITHOUT_EFFECT,	/* known, means nothing for a PV domain here: warned of */
	KEY_HVM,		/* for HVM and PVH guests: refused */
	KEY_PASSTHROUGH,	/* hands hardware to a guest: refused */
	KEY_DEVICE,		/* a virtual device that dom0 has no backend for: refused unless empty */
};

enum key_fate key_fate(const char *key);
