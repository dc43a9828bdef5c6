/* SPDX-License-Identifier: MIT */
/* The parts of the hostile guest; each attacks one area and leaves the kernel as it was. */
#pragma once

#include "../lib/option.h"

void attack_pointers(void);
void attack_tables(void);
void attack_frames(void);
void attack_descriptors(void);
void attack_processor(void);
void attack_returns(void);
void attack_resources(void);
void attack_by_races(void);
void attack_in_disguise(void);
void attack_as_control(void);

/** True for the domain that may control others. */
bool is_control(void);
/** A domain that a control domain makes and lets run, with this code; 0: it could not be made. */
domid_t small_domain(const void *code, unsigned n);
/** Ends this kernel, a control domain, as how says ("crash", "iret"), with other domains alive. */
void die_with_domains(const char *how);
/** One mmuext operation. */
long ext(unsigned cmd, uint64_t mfn);
/** One mmu_update. */
long update(uint64_t entry, uint64_t value);
/** A page of its own frame that is mapped nowhere; its frame. */
uint64_t hidden_page(void);
/** Writes a word of a hidden page, which is data yet. */
void hidden_write(uint64_t mfn, unsigned index, uint64_t value);
/** The frame of the kernel's top level. */
uint64_t top_level(void);
