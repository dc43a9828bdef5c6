/* SPDX-License-Identifier: MIT */
/* Bits of RFLAGS (Intel SDM volume 1, section 3.4.3). Usable from assembly. */
#pragma once

#define FLAGS_CF	0x1
#define FLAGS_MBS	0x2	/* always set */
#define FLAGS_PF	0x4
#define FLAGS_AF	0x10
#define FLAGS_ZF	0x40
#define FLAGS_SF	0x80
#define FLAGS_TF	0x100
#define FLAGS_IF	0x200
#define FLAGS_DF	0x400
#define FLAGS_OF	0x800
#define FLAGS_IOPL	0x3000
#define FLAGS_NT	0x4000
#define FLAGS_RF	0x10000
#define FLAGS_VM	0x20000
#define FLAGS_AC	0x40000
#define FLAGS_VIF	0x80000
#define FLAGS_VIP	0x100000
#define FLAGS_ID	0x200000

/* What an instruction that computes changes. */
#define FLAGS_STATUS	(FLAGS_CF | FLAGS_PF | FLAGS_AF | FLAGS_ZF | FLAGS_SF | FLAGS_OF)
