/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The hypervisor's command line, in the words that users of Xen know, read into a plain structure.
 * What is unknown or malformed is kept in a list, so that the caller can name it once there
 * is a console; nothing is dropped in silence. What follows a lone "--" belongs to dom0.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hv/str.h"

#define BOOT_PROBLEMS_MAX 16

enum boot_log_level {
	BOOT_LOG_NONE,		/* "none" */
	BOOT_LOG_ERROR,
	BOOT_LOG_WARNING,
	BOOT_LOG_INFO,
	BOOT_LOG_DEBUG,		/* "debug" and "all" */
};

/** loglvl=LEVEL[/RATE-LIMITED LEVEL]: up to level always, up to limited at a bounded rate. */
struct boot_log {
	enum boot_log_level level;
	enum boot_log_level limited;
};

/** comN=BAUD[/BASE][,DPS[,IO-BASE[,IRQ]]], also as name=value. */
struct boot_serial {
	bool console;		/* named in console= */
	unsigned baud;		/* 0: "auto", leave the line as the firmware has set it */
	unsigned clock_hz;	/* base baud * 16; 0: the usual 1843200 */
	unsigned data_bits;	/* 5 to 8 */
	char parity;		/* n o e m s */
	unsigned stop_bits;	/* 1 or 2 */
	uint16_t io_base;
	unsigned irq;
};

/** A size as dom0_mem= knows it: [-]BYTES, PERCENT%, or BYTES+PERCENT%. */
struct boot_size {
	bool given;
	bool negative;		/* all memory but this */
	uint64_t bytes;
	unsigned percent;	/* of all memory, on top of bytes */
};

/** An option that the caller should name: "ignored option foo=1: not known". */
struct boot_problem {
	struct str_span option;
	const char *reason;
};

struct boot_options {
	struct boot_serial com[2];
	bool console_none;		/* console=none */
	bool sync_console;
	bool console_to_ring;
	struct boot_size dom0_mem;	/* the size, as asked for */
	struct boot_size dom0_min;
	struct boot_size dom0_max;
	unsigned dom0_max_vcpus;	/* 0: not given */
	unsigned maxcpus;		/* 0: not given */
	uint64_t mem_limit;		/* mem=: use no memory above this address; 0: all */
	struct boot_log log;
	struct boot_log guest_log;
	bool noreboot;			/* stop after a panic */
	char conswitch;			/* the letter of Ctrl-X that switches the input; 0: none */
	bool conswitch_stays;		/* conswitch=ax: input is not switched to dom0 at boot */
	const char *dom0_cmdline;	/* what followed "--", or "" */

	struct boot_problem problems[BOOT_PROBLEMS_MAX];
	unsigned problem_count;		/* may be above the maximum: the rest was not kept */
};

/** Reads the line. The spans and dom0_cmdline point into it, so it must stay. Cannot fail. */
void bootopts_parse(struct boot_options *options, const char *cmdline);

/**
 * Reads the value of com1= or com2= over what serial holds already.
 * Returns NULL, or what is wrong with it; then nothing has changed.
 */
const char *bootopts_read_serial(struct boot_serial *serial, const char *value);

/** Reads a size. False: it is none, then nothing has changed. */
bool bootopts_read_size(const char *word, struct boot_size *size);

/**
 * Decides dom0's memory out of the available bytes: dom0_mem=, or usual when it was not given,
 * within min: and max: (the maximum wins). Never more than available.
 */
uint64_t bootopts_dom0_bytes(const struct boot_options *options, uint64_t available,
			     uint64_t usual);
