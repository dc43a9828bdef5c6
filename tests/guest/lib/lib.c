// SPDX-License-Identifier: MIT
/* See test.h. */
#include "test.h"

#include <stdarg.h>

#include <xen/io/console.h>

#include <hv/fmt.h>

extern uint64_t start_info_va;
void test_start(void);
void trap_entered(struct trap_frame *f);
extern char iret_back[];

start_info_t *start_info;
shared_info_t *shared_info;
uint64_t *p2m;
static unsigned results, failures;

/* ---- printing ----------------------------------------------------------------------- */

static struct xencons_interface *ring;

static void put(const char *s, size_t n)
{
	if (start_info->flags & SIF_INITDOMAIN) {
		HC(console_io, CONSOLEIO_write, n, s);
		return;
	}
	struct evtchn_send send = { start_info->console.domU.evtchn };

	while (n) {
		XENCONS_RING_IDX prod = ring->out_prod;

		if (prod - *(volatile XENCONS_RING_IDX *)&ring->out_cons >= sizeof(ring->out)) {
			HC(event_channel_op, EVTCHNOP_send, &send);
			HC(sched_op, SCHEDOP_yield, 0);
			continue;
		}
		ring->out[MASK_XENCONS_IDX(prod, ring->out)] = *s++;
		n--;
		__atomic_store_n(&ring->out_prod, prod + 1, __ATOMIC_RELEASE);
	}
	HC(event_channel_op, EVTCHNOP_send, &send);
}

static void vprint(const char *prefix, const char *fmt, va_list args)
{
	char line[400];
	size_t n = 0;

	for (; *prefix; prefix++)
		line[n++] = *prefix;
	int len = fmt_vsnprintf(line + n, sizeof(line) - n - 1, fmt, args);

	n += (size_t)len < sizeof(line) - n - 1 ? (size_t)len : sizeof(line) - n - 2;
	line[n++] = '\n';
	put(line, n);
}

void print(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprint("", fmt, args);
	va_end(args);
}

void note(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprint("= ", fmt, args);
	va_end(args);
}

static void result(bool ok, const char *fmt, va_list args)
{
	char name[200];

	fmt_vsnprintf(name, sizeof(name), fmt, args);
	print("%s %u - %s: %s", ok ? "ok" : "not ok", ++results, test_name, name);
	failures += !ok;
}

void check(bool ok, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	result(ok, fmt, args);
	va_end(args);
}

void check_eq(uint64_t got, uint64_t want, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	result(got == want, fmt, args);
	va_end(args);
	if (got != want)
		print("# got %#lx (%ld), want %#lx (%ld)", (unsigned long)got, (long)got,
		      (unsigned long)want, (long)want);
}

void finish(void)
{
	struct sched_shutdown s = { .reason = SHUTDOWN_poweroff };

	print("1..%u", results);
	print("# end: %u of %u failed", failures, results);
	for (;;)
		HC(sched_op, SCHEDOP_shutdown, &s);
}

/* ---- traps ------------------------------------------------------------------------------- */

struct trap_frame trap;
uint64_t trap_cr2;
unsigned trap_count;
volatile uint64_t trap_resume;
void (*event_handler)(struct trap_frame *);
bool (*trap_handler)(struct trap_frame *);
static volatile bool user_running;

void trap_clear(void)
{
	trap = (struct trap_frame){ .vector = ~0UL };
	trap_cr2 = 0;
}

void trap_entered(struct trap_frame *f)
{
	if (f->vector == VECTOR_EVENT && event_handler) {
		event_handler(f);
		return;
	}
	if (trap_handler && trap_handler(f))
		return;
	/* A domU's console and store say something at times. */
	if (f->vector == VECTOR_EVENT && !trap_resume && !(start_info->flags & SIF_INITDOMAIN)) {
		shared_info->vcpu_info[0].evtchn_upcall_pending = 0;
		return;
	}
	trap = *f;
	trap_cr2 = shared_info->vcpu_info[0].arch.cr2;
	trap_count++;
	if (user_running) {
		user_running = false;
		f->rip = (uint64_t)iret_back;
		f->cs = FLAT_KERNEL_CS & ~3UL;
		f->ss = FLAT_KERNEL_SS;
		f->rsp = (uint64_t)f - 256;
		f->rflags &= ~(uint64_t)0x500;	/* TF, DF */
		return;
	}
	if (trap_resume) {
		f->rip = trap_resume;
		f->rflags &= ~(uint64_t)0x100;
		return;
	}
	print("# unexpected trap %lu, error %#lx, rip %#lx, cr2 %#lx", (unsigned long)f->vector,
	      (unsigned long)f->error, (unsigned long)f->rip, (unsigned long)trap_cr2);
	check(false, "no unexpected trap");
	finish();
}

void traps_init(void)
{
	static trap_info_t table[257];
	struct callback_register cb;

	for (unsigned i = 0; i < 256; i++)
		table[i] = (trap_info_t){ .vector = (uint8_t)i, .flags = i == 3 || i == 4 ? 3 : 0,
					  .cs = FLAT_KERNEL_CS,
					  .address = (uint64_t)trap_stubs + 32 * i };
	HC(set_trap_table, table);
	cb = (struct callback_register){ .type = CALLBACKTYPE_event,
					 .address = (uint64_t)event_entry };
	HC(callback_op, CALLBACKOP_register, &cb);
	cb = (struct callback_register){ .type = CALLBACKTYPE_failsafe,
					 .address = (uint64_t)failsafe_entry };
	HC(callback_op, CALLBACKOP_register, &cb);
	cb = (struct callback_register){ .type = CALLBACKTYPE_syscall,
					 .address = (uint64_t)syscall_entry };
	HC(callback_op, CALLBACKOP_register, &cb);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static uint64_t next_page;

void *page_alloc(void)
{
	char *p = (char *)next_page;

	next_page += PAGE;
	for (unsigned i = 0; i < PAGE; i++)
		p[i] = 0;
	return p;
}

/* Page tables are mapped at their pfn * 4096, read-only. */
static const uint64_t *table_va(uint64_t entry)
{
	return (const uint64_t *)(M2P[(entry & P_ADDR) >> 12] << 12);
}

uint64_t pte_maddr(uint64_t va)
{
	const uint64_t *table = (const uint64_t *)start_info->pt_base;

	for (unsigned shift = 39; shift > 12; shift -= 9)
		table = table_va(table[(va >> shift) & 511]);
	return (va_mfn(table) << 12) + 8 * ((va >> 12) & 511);
}

uint64_t pte_read(uint64_t va)
{
	const uint64_t *table = (const uint64_t *)start_info->pt_base;

	for (unsigned shift = 39; shift > 12; shift -= 9) {
		if (!(table[(va >> shift) & 511] & P_P))
			return 0;
		table = table_va(table[(va >> shift) & 511]);
	}
	return table[(va >> 12) & 511];
}

long pte_write(uint64_t va, uint64_t pte)
{
	return HC(update_va_mapping, va, pte, UVMF_INVLPG);
}

void make_readonly(void *va)
{
	pte_write((uint64_t)va, va_mfn(va) << 12 | P_P | P_U | P_A | P_D);
}

void make_writable(void *va)
{
	pte_write((uint64_t)va, va_mfn(va) << 12 | P_P | P_U | P_W | P_A | P_D);
}

/* ---- user mode ---------------------------------------------------------------------------------- */

uint64_t user_l4_mfn;

static uint64_t *table_page(uint64_t **of, unsigned index)
{
	uint64_t *t = page_alloc();

	if (of)
		(*of)[index] = va_mfn(t) << 12 | P_P | P_W | P_U | P_A | P_D;
	return t;
}

void user_init(const void *start, const void *end)
{
	uint64_t *l4 = table_page(NULL, 0), *l3 = table_page(&l4, 0);
	uint64_t *l2 = table_page(&l3, USER_CODE >> 30), *l1 = table_page(&l2, 0);
	char *code = page_alloc();
	void *stack = page_alloc();
	struct mmuext_op op[2];

	for (const char *p = start; p < (const char *)end; p++)
		code[p - (const char *)start] = *p;
	l1[0] = va_mfn(code) << 12 | P_P | P_U | P_A;
	l1[((USER_STACK - PAGE) >> 12) & 511] = va_mfn(stack) << 12 | P_P | P_U | P_W | P_A | P_D;
	make_readonly(l1);
	make_readonly(l2);
	make_readonly(l3);
	make_readonly(l4);
	user_l4_mfn = va_mfn(l4);
	op[0] = (struct mmuext_op){ .cmd = MMUEXT_PIN_L4_TABLE, .arg1.mfn = user_l4_mfn };
	op[1] = (struct mmuext_op){ .cmd = MMUEXT_NEW_USER_BASEPTR, .arg1.mfn = user_l4_mfn };
	check_eq((uint64_t)HC(mmuext_op, op, 2, 0, DOMID_SELF), 0, "a user page table is accepted");
	HC(stack_switch, FLAT_KERNEL_SS, (uint64_t)page_alloc() + PAGE);
}

void user_run_expected(void)
{
	user_running = true;
}

void user_run(uint64_t offset, uint64_t rflags, uint64_t flags)
{
	struct iret_context c = {
		.flags = flags, .rip = USER_CODE + offset, .cs = FLAT_USER_CS, .rflags = rflags,
		.rsp = USER_STACK, .ss = FLAT_USER_SS,
	};

	trap_clear();
	user_running = true;
	iret_to(&c);
}

extern char user_shared_start[];
static uint64_t shared_stack;

static void ignore_event(struct trap_frame *f)
{
	(void)f;
	shared_info->vcpu_info[0].evtchn_upcall_pending = 0;
}

void user_share(void)
{
	struct mmuext_op op = { .cmd = MMUEXT_NEW_USER_BASEPTR,
				.arg1.mfn = va_mfn((void *)start_info->pt_base) };

	if (!event_handler)
		event_handler = ignore_event;
	check_eq((uint64_t)HC(mmuext_op, &op, 1, 0, DOMID_SELF), 0,
		 "the kernel's table is accepted as the user's");
	HC(stack_switch, FLAT_KERNEL_SS, (uint64_t)page_alloc() + PAGE);
	shared_stack = (uint64_t)page_alloc() + PAGE;
}

uint64_t user_call(uint64_t (*fn)(uint64_t), uint64_t arg, uint64_t rflags)
{
	uint64_t *sp = (uint64_t *)shared_stack;
	struct iret_context c = { .rip = (uint64_t)user_shared_start, .cs = FLAT_USER_CS,
				  .rflags = rflags, .ss = FLAT_USER_SS };

	*--sp = arg;
	*--sp = (uint64_t)fn;
	c.rsp = (uint64_t)sp;
	trap_clear();
	user_running = true;
	iret_to(&c);
	return trap.vector == VECTOR_SYSCALL ? trap.rax : ~0UL;
}

/* ---- start --------------------------------------------------------------------------------------- */

void test_start(void)
{
	start_info = (start_info_t *)start_info_va;
	p2m = (uint64_t *)start_info->mfn_list;
	/* Free memory begins behind the boot stack. */
	next_page = (entry_rsp + PAGE - 1) & ~(PAGE - 1);
	if (!(start_info->flags & SIF_INITDOMAIN))
		ring = (struct xencons_interface *)(M2P[start_info->console.domU.mfn] << 12);
	shared_info = page_alloc();
	HC(update_va_mapping, shared_info, start_info->shared_info | P_P | P_W | P_U | P_A | P_D,
	   UVMF_INVLPG);
	print("# %s", test_name);
	traps_init();
	test_main();
	finish();
}
