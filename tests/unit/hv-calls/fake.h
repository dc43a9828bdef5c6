/* SPDX-License-Identifier: MIT */
/* What the small hypercalls ask of the layers below: one control domain and one guest. */
#pragma once

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/hypercall.h>

extern struct domain fake_domain[2];	/* 0 is control */
extern struct vcpu fake_vcpu[2];
extern char fake_output[8192];		/* what was printed */
extern const char *fake_input;		/* what was typed and is not read yet */
extern bool fake_verbose;		/* guests' messages are wanted */
extern uint64_t fake_now;		/* system time */
extern uint64_t fake_clock[3];		/* arguments of the last time_set_wallclock() */

int fake_start(void **state);
void fake_run(unsigned dom);
