/* SPDX-License-Identifier: MIT */
/*
 * The transfer page ("hypercall page"): a stub of 32 bytes for each hypercall. A
 * kernel that has one calls stub n with arguments in rdi, rsi, rdx, r10, r8 and
 * finds all other registers as they were, but for rax.
 */
#include <hv/traps.h>

#include <hv/mem.h>

#define STUB_BYTES	32
#define STUB_NUMBER_AT	4	/* of its mov instruction's operand */
#define IRET_NUMBER_AT	5

/* push rcx, push r11, mov eax N, syscall, pop r11, pop rcx, ret */
static const uint8_t call_stub[] = {
	0x51, 0x41, 0x53, 0xb8, 0, 0, 0, 0, 0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3
};

/* push rcx, push r11, push rax, mov eax N, syscall: the frame of struct iret_context */
static const uint8_t iret_stub[] = {
	0x51, 0x41, 0x53, 0x50, 0xb8, 0, 0, 0, 0, 0x0f, 0x05
};

#define INT3 0xcc

void hypercall_page_init(struct domain *d, void *page)
{
	uint8_t *at = page;

	(void)d;
	memset(page, INT3, PAGE_SIZE);
	for (unsigned n = 0; n < PAGE_SIZE / STUB_BYTES; n++, at += STUB_BYTES) {
		if (n == __HYPERVISOR_iret) {
			memcpy(at, iret_stub, sizeof(iret_stub));
			memcpy(at + IRET_NUMBER_AT, &n, sizeof(uint32_t));
		} else {
			memcpy(at, call_stub, sizeof(call_stub));
			memcpy(at + STUB_NUMBER_AT, &n, sizeof(uint32_t));
		}
	}
}
