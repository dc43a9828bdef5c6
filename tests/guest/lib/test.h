/* SPDX-License-Identifier: MIT */
/*
 * What a test kernel has: hypercalls, printing, traps that can be expected, pages.
 * A kernel defines `const char test_name[]` and `void test_main(void)`, whose checks print TAP.
 * Values that must agree between hypervisors are printed by note(); the suite compares them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>
#include <xen/errno.h>
#include <xen/callback.h>
#include <xen/event_channel.h>
#include <xen/features.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

extern const char test_name[];
void test_main(void);

/** One result. The text is the name of what was checked. */
void check(bool ok, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/** check(got == want), and both when they differ. */
void check_eq(uint64_t got, uint64_t want, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/** A value that must be the same on real Xen. */
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/** Text on the console. */
void print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/** Ends the kernel: plan line, "# end", poweroff. */
void finish(void) __attribute__((noreturn));

/** Any hypercall, by `syscall`. */
static inline long hypercall(unsigned nr, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
			     uint64_t a5)
{
	register uint64_t r10 __asm__("r10") = a4;
	register uint64_t r8 __asm__("r8") = a5;
	long rax = nr;

	__asm__ volatile("push %%rcx; push %%r11; syscall; pop %%r11; pop %%rcx"
			 : "+a"(rax), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10), "+r"(r8)
			 : : "memory");
	return rax;
}

#define HC(name, ...) HC_N(__HYPERVISOR_##name, ##__VA_ARGS__, 0, 0, 0, 0, 0)
#define HC_N(nr, a, b, c, d, e, ...)                                                      \
	hypercall(nr, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), (uint64_t)(e))

/* ---- traps ----------------------------------------------------------------------- */

#define VECTOR_EVENT    0x100
#define VECTOR_FAILSAFE 0x101
#define VECTOR_SYSCALL  0x102

struct trap_frame {
	uint64_t r15, r14, r13, r12, r10, r9, r8, rbp, rdi, rsi, rbx, rdx, rax;
	uint64_t vector, rcx, r11, error, rip, cs, rflags, rsp, ss;
};

extern char trap_stubs[], event_entry[], failsafe_entry[], syscall_entry[];
extern uint64_t entry_rsp, entry_rflags, entry_cs, entry_ss, entry_ds;
extern uint64_t failsafe_ds, failsafe_es, failsafe_fs, failsafe_gs;

/** The last trap as it came; vector ~0 when none did since trap_clear(). */
extern struct trap_frame trap;
extern uint64_t trap_cr2;
extern unsigned trap_count;
/** When set, a trap of the kernel goes on here instead of at its rip. */
extern volatile uint64_t trap_resume;
/** When set, called for each event upcall. */
extern void (*event_handler)(struct trap_frame *);
/** When set, asked first for every other trap of the kernel; true: it has been handled. */
extern bool (*trap_handler)(struct trap_frame *);
void trap_clear(void);

/** Runs assembly (a string) and goes on behind it even if it traps. Clobbers rax. */
#define TRY(insn, ...)                                                                    \
	do {                                                                              \
		trap_clear();                                                             \
		__asm__ volatile("" : : : "memory");                                      \
		__asm__ volatile("lea 77f(%%rip), %%rax; mov %%rax, trap_resume(%%rip)\n\t" insn "\n" \
				 "77: movq $0, trap_resume(%%rip)" __VA_ARGS__);             \
		__asm__ volatile("" : : : "memory");                                      \
	} while (0)

/** Registers the handlers of this library for every exception, events and system calls. */
void traps_init(void);

/* ---- memory ------------------------------------------------------------------------ */

extern start_info_t *start_info;
extern shared_info_t *shared_info;
extern uint64_t *p2m;
#define PAGE 4096UL
#define M2P  ((const uint64_t *)HYPERVISOR_VIRT_START)

/** A zeroed page of this kernel's memory; its address is its pfn * 4096. */
void *page_alloc(void);
static inline uint64_t va_mfn(const void *va)
{
	return p2m[(uint64_t)va >> 12];
}
/** The machine address of the L1 entry that maps va, and its value. */
uint64_t pte_maddr(uint64_t va);
uint64_t pte_read(uint64_t va);
/** update_va_mapping() of a page, with INVLPG. */
long pte_write(uint64_t va, uint64_t pte);
/** Makes the page read-only, as a page-table page must be. */
void make_readonly(void *va);
void make_writable(void *va);

#define P_P  1UL
#define P_W  2UL
#define P_U  4UL
#define P_A  0x20UL
#define P_D  0x40UL
#define P_NX (1UL << 63)
#define P_ADDR 0x000ffffffffff000UL

/* ---- user mode ------------------------------------------------------------------------ */

/**
 * Makes a user page table with one code page at USER_CODE and a stack page below USER_STACK, code
 * copied from [start, end). user_run() enters it at entry; the first trap or system call comes back
 * and stands in `trap`.
 */
#define USER_CODE  0x40000000UL
#define USER_STACK 0x40010000UL
void user_init(const void *start, const void *end);
void user_run(uint64_t offset, uint64_t rflags, uint64_t flags);
/** The next trap comes back from iret_to(), as those of user mode do. */
void user_run_expected(void);
/** The iret hypercall on this frame. */
void iret_to(struct iret_context *c);
/** The same hypercall as the one entry of a multicall's list. */
void iret_to_by_list(struct iret_context *c, struct multicall_entry *list);
extern uint64_t user_l4_mfn;

/**
 * User mode in the kernel's own tables, as small frameworks have it: user_share() makes the kernel's
 * top-level table the user's, too, and ignores events where nobody handles them. user_call() runs
 * fn(arg) with these flags and comes back by a system call; its result, or ~0 when another trap came
 * first, which stands in `trap`.
 */
void user_share(void);
uint64_t user_call(uint64_t (*fn)(uint64_t), uint64_t arg, uint64_t rflags);
