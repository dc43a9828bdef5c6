/* SPDX-License-Identifier: MIT */
/*
 * Starting the machine's other CPUs, one after the other: firmware's list, a page below 1 MiB with
 * ap_start.S, INIT and start-up interrupts (Intel SDM volume 3, 9.4.4). A CPU that does not
 * answer, or is not like the first, is left out: it is sent back to wait for a start-up that
 * does not come.
 */
#include "smp.h"

#include <cpu/insn.h>
#include <format/cr.h>
#include <format/layout.h>
#include <format/msr.h>
#include <format/pte.h>
#include <hv/alloc.h>
#include <hv/arch.h>
#include <hv/check.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/emulate.h>
#include <hv/entry.h>
#include <hv/lock.h>
#include <hv/log.h>
#include <hv/madt.h>
#include <hv/mem.h>
#include <hv/mm.h>
#include <hv/msr.h>
#include <hv/paging.h>
#include <hv/tlb.h>

#include "acpi.h"
#include "apic.h"
#include "cpu_init.h"
#include "image.h"
#include "topology.h"
#include "tsc.h"

#define MADT_BYTES_MAX  65536u
#define XAPIC_ID_MAX    254u		/* of the older mode; 255 is all CPUs */
#define INIT_NS         10000000UL	/* from INIT to the start-up interrupt */
#define STARTUP_NS      200000UL	/* until that is sent once more */
#define ANSWER_NS       2000000000UL	/* until the CPU is given up; a busy host may be slow */

/* Whose the CPU that is being started is, at ap_start_long. */
enum { WANTED, TAKEN, GIVEN_UP };

struct handover {			/* ap_start_data */
	uint64_t cr3;
	uint64_t efer;
	volatile uint32_t *ticket;
	struct cpu *stack;
	void (*entry)(struct cpu *c);
	uint32_t long_offset;
	uint16_t long_selector[2];
	uint16_t align;
	uint16_t gdt_limit;
	uint32_t gdt;
	uint64_t descriptors[3];
} __attribute__((packed));

extern char ap_start_begin[], ap_start_data[], ap_start_long[], ap_start_end[];

static struct madt_cpu ids[MAX_CPUS];
static uint32_t nr_cpus = 1;
static volatile uint32_t ticket;
static enum { AP_NONE, AP_ALIKE, AP_DIFFERS, AP_GOES } volatile answer;

/* The low pages: code, and four levels of tables that map it. */
static uint64_t low_pa;
static struct cpu *spare;		/* the stack of a CPU that did not come */

unsigned arch_cpu_id(void)
{
	return this_cpu()->id;
}

unsigned arch_nr_cpus(void)
{
	return __atomic_load_n(&nr_cpus, __ATOMIC_ACQUIRE);
}

struct cpu *cpu_by_id(unsigned id)
{
	return (struct cpu *)(STACK_VIRT + (id + 1) * CPU_STACK_SIZE - sizeof(struct cpu));
}

uint32_t smp_apic_id(unsigned cpu)
{
	return ids[cpu].apic_id;
}

void arch_cpu_place(unsigned cpu, struct arch_cpu_place *place)
{
	place->apic_id = ids[cpu].apic_id;
	place->acpi_id = ids[cpu].acpi_id;
	topology_place(ids[cpu].apic_id, &place->socket, &place->core);
}

/* ---- on the CPU that starts ------------------------------------------------------------- */

#define FEATURES 9

/* What guests rely on, wherever they run; what the hypervisor switches on by and by is masked. */
static void read_features(uint32_t f[FEATURES])
{
	uint32_t r[4], max, ext;

	memset(f, 0, FEATURES * sizeof(*f));
	cpuid(0, 0, r);
	max = r[0];
	cpuid(0x80000000, 0, r);
	ext = r[0];
	cpuid(1, 0, r);
	f[0] = r[2] & ~(1u << 27);		/* OSXSAVE */
	f[1] = r[3] & ~(1u << 9);		/* APIC */
	if (max >= 7) {
		cpuid(7, 0, r);
		f[2] = r[1];
		f[3] = r[2] & ~(1u << 4);	/* OSPKE */
		f[4] = r[3];
	}
	if (max >= 0xd && (f[0] & 1u << 26)) {
		cpuid(0xd, 0, r);
		f[5] = r[0];
		cpuid(0xd, 1, r);
		f[6] = r[0];
	}
	if (ext >= 0x80000001) {
		cpuid(0x80000001, 0, r);
		f[7] = r[2];
		f[8] = r[3];
	}
}

static uint32_t first_features[FEATURES];

static void halt(void) __noreturn;
static void halt(void)
{
	for (;;) {
		cli();
		hlt();
	}
}

/* From ap_start.S, on the CPU's own stack, but still with the tables that map the low page. */
static void ap_main(struct cpu *c) __noreturn;
static void ap_main(struct cpu *c)
{
	uint32_t f[FEATURES];

	write_cr3(hv_cr3());
	read_features(f);
	if (memcmp(f, first_features, sizeof(f))) {
		answer = AP_DIFFERS;
		halt();
	}
	answer = AP_ALIKE;
	cpu_init(c);
	apic_init_cpu();
	tsc_init_cpu();
	tsc_sync_cpu();
	msr_init_cpu();
	answer = AP_GOES;
	entry_exit_to_guest(&c->regs);
}

/* ---- on the first one ----------------------------------------------------------------------- */

static void wait_ns(uint64_t ns)
{
	uint64_t end = arch_now_ns() + ns;

	while (arch_now_ns() < end)
		arch_relax();
}

static bool wait_while(volatile uint32_t *word, uint32_t value, uint64_t ns)
{
	uint64_t end = arch_now_ns() + ns;

	while (*word == value && arch_now_ns() < end)
		arch_relax();
	return *word != value;
}

static uint64_t *low_page(unsigned n)
{
	return (uint64_t *)frame_ptr(mfn((low_pa >> PAGE_SHIFT) + n));
}

/* Top level: ours, and through slot 0 the one page, to execute and not to write. */
static void map_low_page(void)
{
	uint64_t *l4 = low_page(1), *l3 = low_page(2), *l2 = low_page(3), *l1 = low_page(4);

	for (unsigned i = 1; i < SMP_LOW_PAGES; i++)
		memset(low_page(i), 0, PAGE_SIZE);
	arch_init_guest_l4(l4);
	l4[0] = (low_pa + 2 * PAGE_SIZE) | PTE_HV_TABLE;
	l3[0] = (low_pa + 3 * PAGE_SIZE) | PTE_HV_TABLE;
	l2[0] = (low_pa + 4 * PAGE_SIZE) | PTE_HV_TABLE;
	l1[low_pa >> PAGE_SHIFT] = low_pa | PTE_HV_RX;
}

/* The EFER of the first CPU, before what cannot be there yet. */
static void fill_low_page(struct cpu *c)
{
	char *page = (char *)low_page(0);
	struct handover *h = (struct handover *)(page + (ap_start_data - ap_start_begin));

	memcpy(page, ap_start_begin, (size_t)(ap_start_end - ap_start_begin));
	h->cr3 = low_pa + PAGE_SIZE;
	h->efer = rdmsr(MSR_EFER) & (EFER_SCE | EFER_LME | EFER_NX);
	h->ticket = &ticket;
	h->stack = c;
	h->entry = ap_main;
	h->long_offset = (uint32_t)low_pa + (uint32_t)(ap_start_long - ap_start_begin);
	h->gdt = (uint32_t)low_pa + (uint32_t)((char *)h->descriptors - page);
}

/* The pages of the window that stay unmapped are given back. */
static struct cpu *make_stack(unsigned id)
{
	const unsigned order = 4;
	char *pages = hv_pages_alloc(order);
	struct cpu *c;

	_Static_assert(PAGE_SIZE << 4 == CPU_STACK_SIZE, "order");
	if (!pages)
		return NULL;
	c = hv_map_stack(id, ptr_mfn(pages).n << PAGE_SHIFT);
	for (unsigned i = 0; i < 1u << order; i++)
		if (!hv_is_mapped((uint64_t)c / CPU_STACK_SIZE * CPU_STACK_SIZE + i * PAGE_SIZE))
			hv_pages_free(pages + i * PAGE_SIZE, 0);
	return c;
}

/* It has something to do at once: to tell the scheduler that it is there. */
static bool make_cpu(unsigned id)
{
	struct vcpu *idle = idle_vcpu[id] ? idle_vcpu[id] : xmalloc(sizeof(*idle));

	if (!spare)
		spare = make_stack(id);
	if (!idle || !spare) {
		xfree(idle);
		idle_vcpu[id] = NULL;
		return false;
	}
	*idle = *idle_vcpu[0];
	idle->id = idle->processor = id;
	idle->runstate = (struct vcpu_runstate_info){ .state_entry_time = arch_now_ns() };
	idle_vcpu[id] = idle;
	cpumask_words = id / 64 + 1;	/* before it looks at a set itself */
	*spare = (struct cpu){ .current = idle, .id = id, .work = CPU_WORK_RESCHED,
			       .tsc_base = this_cpu()->tsc_base };
	return true;
}

/* INIT, and a start-up interrupt or two. True when the CPU has come. */
static bool send_startup(uint32_t apic_id)
{
	uint32_t wanted = WANTED, startup = APIC_STARTUP | (uint32_t)(low_pa >> PAGE_SHIFT);

	ticket = WANTED;
	apic_send(apic_id, APIC_INIT);
	wait_ns(INIT_NS);
	apic_send(apic_id, startup);
	if (wait_while(&ticket, WANTED, STARTUP_NS))
		return true;
	apic_send(apic_id, startup);
	if (wait_while(&ticket, WANTED, ANSWER_NS))
		return true;
	return !__atomic_compare_exchange_n(&ticket, &wanted, GIVEN_UP, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_SEQ_CST);
}

/* Counted from here on. */
static void join(unsigned id)
{
	spare = NULL;
	tlb_set_idle(id, true);
	cpumask_add_atomic(&tlb_cpus, id);
	__atomic_store_n(&nr_cpus, id + 1, __ATOMIC_RELEASE);
	while (answer != AP_GOES)
		arch_relax();
}

static bool start(unsigned id, const struct madt_cpu *cpu)
{
	if (!make_cpu(id)) {
		log_warn("smp: no memory for the CPU with APIC id %u", cpu->apic_id);
		return false;
	}
	ids[id] = *cpu;
	fill_low_page(spare);
	answer = AP_NONE;
	if (!send_startup(cpu->apic_id)) {
		log_warn("smp: the CPU with APIC id %u does not answer, left out", cpu->apic_id);
		apic_send(cpu->apic_id, APIC_INIT);
		return false;
	}
	while (answer == AP_NONE)
		arch_relax();
	if (answer == AP_DIFFERS) {
		log_warn("smp: the CPU with APIC id %u has other features than the first, left out",
			 cpu->apic_id);
		apic_send(cpu->apic_id, APIC_INIT);
		return false;
	}
	tsc_sync_first();
	join(id);
	return true;
}

/* ---- which there are -------------------------------------------------------------------------- */

static unsigned read_madt(struct madt_cpu *found, unsigned max)
{
	uint64_t pa = acpi_find("APIC");
	struct acpi_sdt head;
	unsigned n = 0;
	size_t len;
	void *table;

	if (!pa || !acpi_copy(&head, pa, sizeof(head)))
		return 0;
	len = MIN(head.length, MADT_BYTES_MAX);
	table = xmalloc(len);
	if (table && acpi_copy(table, pa, len))
		n = madt_cpus(table, len, found, max);
	xfree(table);
	return MIN(n, max);
}

/* Ids that the older mode cannot name want the newer one. */
static bool reachable(const struct madt_cpu *cpu)
{
	if (cpu->apic_id <= XAPIC_ID_MAX || apic_use_x2apic())
		return true;
	log_warn("smp: APIC id %u needs x2APIC mode, which is not there: left out", cpu->apic_id);
	return false;
}

static void start_all(const struct madt_cpu *found, unsigned n, unsigned max)
{
	for (unsigned i = 0; i < n && nr_cpus < max; i++)
		if (found[i].apic_id != ids[0].apic_id && reachable(&found[i]))
			start(nr_cpus, &found[i]);
}

void smp_init(uint64_t low, unsigned max)
{
	struct madt_cpu *found = xmalloc(MAX_CPUS * sizeof(*found));
	unsigned n = found ? read_madt(found, MAX_CPUS) : 0;

	topology_init();
	read_features(first_features);
	ids[0] = (struct madt_cpu){ apic_id(), 0 };
	for (unsigned i = 0; i < n; i++)
		if (found[i].apic_id == ids[0].apic_id)
			ids[0].acpi_id = found[i].acpi_id;
	max = max && max < MAX_CPUS ? max : MAX_CPUS;
	low_pa = low;
	if (!low && n > 1) {
		log_warn("smp: no memory below 1 MiB to start CPUs from");
	} else if (n > 1 && max > 1) {
		map_low_page();
		start_all(found, n, max);
		/* Nothing points there any more. */
		for (unsigned i = 0; i < SMP_LOW_PAGES; i++)
			memset(low_page(i), 0, PAGE_SIZE);
	}
	xfree(found);
	log_info("smp: %u of %u CPUs, %s", nr_cpus, MAX(n, 1u),
		 apic_is_x2apic() ? "x2APIC" : "xAPIC");
}
