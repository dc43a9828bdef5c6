/* SPDX-License-Identifier: MIT */
/*
 * Boot as a table of contents: from the start_info that the loader hands over to
 * dom0's first instruction.
 */
#include <cpu/insn.h>
#include <format/cr.h>
#include <hv/arch.h>
#include <hv/buildinfo.h>
#include <hv/bootconf.h>
#include <hv/bootopts.h>
#include <hv/console.h>
#include <hv/cpu.h>
#include <hv/cpuid.h>
#include <hv/check.h>
#include <hv/dom0.h>
#include <hv/domain.h>
#include <hv/entry.h>
#include <hv/fmt.h>
#include <hv/log.h>
#include <hv/mem.h>
#include <hv/memmap.h>
#include <hv/mm.h>
#include <hv/msr.h>
#include <hv/paging.h>
#include <hv/sched.h>
#include <hv/str.h>

#include <xen/arch-x86/hvm/start_info.h>

#include "acpi.h"
#include "apic.h"
#include "cpu_init.h"
#include "image.h"
#include "machine.h"
#include "smp.h"
#include "tsc.h"

#include "version.h"

void boot_main(uint64_t start_info, uint64_t moved);
struct vcpu *idle_vcpu[MAX_CPUS];

static uint64_t image_at;
static struct memmap ram, free_ram;
static struct hvm_memmap_table_entry machine_map[MEMMAP_RANGES];
static struct boot_plan plan;
static struct boot_options options;
static struct domain idle_domain = { .id = DOMID_IDLE, .refs = 1 };
static struct vcpu idle_vcpu0;
static uint64_t modules_start = ~0UL, modules_end;

/* Where the first I/O APIC and the local one are on every PC. */
#define IO_APIC_PHYS	0xfec00000UL
#define LOCAL_APIC_PHYS 0xfee00000UL
#define LOW_MEMORY (1UL << 20)		/* firmware's, and where CPUs start */
#define LOW_RAM_END 0xa0000UL		/* of a PC */
#define MAX_MODULES 4

static uint64_t low_pages;		/* where other CPUs start; 0: nowhere */
static struct memmap guest_ram;		/* where entries of guests may not claim a device */

uint64_t image_phys(void)
{
	return image_at;
}

/* While the identity map stands, physical addresses below 4 GiB are pointers. */
static const struct hvm_start_info *check_start_info(uint64_t pa)
{
	const struct hvm_start_info *info = (const struct hvm_start_info *)pa;

	if (info->magic != XEN_HVM_START_MAGIC_VALUE)
		panic("boot: start_info has magic %#x", info->magic);
	if (info->version < 1 || !info->memmap_entries)
		panic("boot: start_info has no memory map");
	return info;
}

static void plan_boot(const struct hvm_start_info *info)
{
	const struct hvm_modlist_entry *list = (const void *)info->modlist_paddr;
	struct boot_module modules[MAX_MODULES];
	const char *cmdline = info->cmdline_paddr ? (const char *)info->cmdline_paddr : "";
	unsigned n = MIN(info->nr_modules, MAX_MODULES);
	static char error[BOOT_ERROR_MAX];
	bool ok;

	for (unsigned i = 0; i < n; i++) {
		modules[i].data = (const void *)list[i].paddr;
		modules[i].size = list[i].size;
		modules[i].cmdline = list[i].cmdline_paddr ?
				     (const char *)list[i].cmdline_paddr : NULL;
		modules_start = MIN(modules_start, list[i].paddr);
		modules_end = MAX(modules_end, list[i].paddr + list[i].size);
	}
	ok = bootconf_plan(&plan, modules, n, cmdline, error);
	bootopts_parse(&options, ok ? plan.options : cmdline);
	console_init(&options);
	if (!ok)
		panic("boot: %s", error);
}

static void print_banner(void)
{
	char id[48] = "";
	size_t len;
	const uint8_t *p = build_id(&len);

	for (size_t i = 0; i < len && i < sizeof(id) / 2; i++)
		fmt_snprintf(id + 2 * i, 3, "%02x", p[i]);
	build_set_cmdline(plan.options);
	log_info("Cloison %s (%s), %s", CLOISON_VERSION, CLOISON_COMMIT, CLOISON_COMPILER);
	log_info("build-id: %s", id);
	log_info("Command line: %s", plan.options);
	for (unsigned i = 0; i < MIN(options.problem_count, BOOT_PROBLEMS_MAX); i++)
		log_warn("ignored option %.*s: %s", (int)options.problems[i].option.len,
			 options.problems[i].option.at, options.problems[i].reason);
	if (plan.warning[0])
		log_warn("boot: %s", plan.warning);
}

/* Nothing lies there any more when they are used, but for the modules, and firmware's first page. */
static uint64_t find_low_pages(void)
{
	struct memmap low = ram;
	uint64_t at;

	memmap_remove(&low, 0, PAGE_SIZE);
	memmap_remove(&low, image_at, (uint64_t)(image_end - image_start));
	if (modules_end > modules_start)
		memmap_remove(&low, modules_start, modules_end - modules_start);
	return memmap_take(&low, SMP_LOW_PAGES * PAGE_SIZE, PAGE_SIZE, LOW_RAM_END, &at) ? at : 0;
}

static void find_memory(const struct hvm_start_info *info)
{
	const struct hvm_modlist_entry *list = (const void *)info->modlist_paddr;

	memmap_build(&ram, (const void *)info->memmap_paddr, info->memmap_entries,
		     options.mem_limit);
	if (options.mem_limit) {
		/* What the loader has put above the limit has to be mapped all the same. */
		memmap_add(&ram, image_at, (uint64_t)(image_end - image_start));
		for (unsigned i = 0; i < MIN(info->nr_modules, MAX_MODULES); i++) {
			uint64_t start = list[i].paddr & PAGE_MASK;
			uint64_t end = list[i].paddr + list[i].size + PAGE_SIZE - 1;

			memmap_add(&ram, start, (end & PAGE_MASK) - start);
		}
	}
	if (ram.lost)
		log_warn("memory: %lu KiB in small ranges are not used", (unsigned long)ram.lost >> 10);
	low_pages = find_low_pages();
	guest_ram = ram;
	memmap_remove(&guest_ram, 0, LOW_MEMORY);
	free_ram = guest_ram;
	memmap_remove(&free_ram, image_at, (uint64_t)(image_end - image_start));
	if (modules_end > modules_start)
		memmap_remove(&free_ram, modules_start, modules_end - modules_start);
	log_info("memory: %lu MiB RAM in %u ranges, up to %#lx",
		 (unsigned long)memmap_total(&ram) >> 20, ram.count, (unsigned long)memmap_top(&ram));
}

/* What guests' page-table entries may name, and what dom0 is told of the machine. */
static void describe_machine(const struct hvm_start_info *info)
{
	struct mm_machine machine = { .ram = &guest_ram, .map = machine_map, .phys_bits = 36 };
	uint32_t r[4];

	machine.map_entries = MIN(info->memmap_entries, (uint32_t)ARRAY_SIZE(machine_map));
	memcpy(machine_map, (const void *)info->memmap_paddr,
	       machine.map_entries * sizeof(machine_map[0]));
	cpuid(0x80000001, 0, r);
	machine.nx = r[3] >> 20 & 1;
	cpuid(0x80000000, 0, r);
	if (r[0] >= 0x80000008) {
		cpuid(0x80000008, 0, r);
		machine.phys_bits = r[0] & 0xff;
	}
	mm_set_machine(&machine);
	mm_limit_io(mfn(IO_APIC_PHYS >> PAGE_SHIFT), mfn((IO_APIC_PHYS >> PAGE_SHIFT) + 1), MM_IO_READ);
	mm_limit_io(mfn(LOCAL_APIC_PHYS >> PAGE_SHIFT), mfn((LOCAL_APIC_PHYS >> PAGE_SHIFT) + 1),
		    MM_IO_NONE);
}

static void make_idle_vcpu(void)
{
	idle_vcpu0.domain = &idle_domain;
	idle_vcpu0.initialised = true;
	idle_vcpu0.info = (vcpu_info_t *)&idle_domain;	/* never looked at */
	idle_vcpu[0] = &idle_vcpu0;
	/* start.S has left its descriptor table in there. */
	*this_cpu() = (struct cpu){ .current = &idle_vcpu0, .id = 0 };
}

/* The modules' pages, once dom0 has its copy. */
static void free_modules(void)
{
	if (modules_end <= modules_start)
		return;
	uint64_t start = modules_start & PAGE_MASK, end = (modules_end + PAGE_SIZE - 1) & PAGE_MASK;

	for (uint64_t at = MAX(start, LOW_MEMORY); at < end; at += PAGE_SIZE)
		if (memmap_contains(&ram, at, PAGE_SIZE))
			mm_add_ram(mfn(at >> PAGE_SHIFT), mfn((at >> PAGE_SHIFT) + 1));
}

static uint64_t dom0_bytes(void)
{
	uint64_t free = mm_free_frames() << PAGE_SHIFT, size;

	/* A dom0 of tools only needs little: a quarter, within bounds. */
	size = MIN(free / 4, 256UL << 20);
	return bootopts_dom0_bytes(&options, free, MAX(size, MIN(free / 2, 32UL << 20)));
}

/* On the stack window now: the pointers of the identity map are gone. */
static void boot_on_window(struct cpu *c) __noreturn;
static void boot_on_window(struct cpu *c)
{
	paging_boot_done();
	mm_init();
	for (unsigned i = 0; i < free_ram.count; i++)
		mm_add_ram(mfn(free_ram.range[i].start >> PAGE_SHIFT),
			   mfn(free_ram.range[i].end >> PAGE_SHIFT));
	cpu_init(c);
	log_info("paging: W^X, NX%s%s%s", c->cr4 & CR4_SMEP ? ", SMEP" : "",
		 c->cr4 & CR4_SMAP ? ", SMAP" : "", c->cr4 & CR4_UMIP ? ", UMIP" : "");
	apic_init();
	tsc_init();
	cpuid_init();
	msr_init();
	sched_init();
	smp_init(low_pages, options.maxcpus);
	dom0_build(&plan, dom0_bytes(), options.dom0_max_vcpus);
	free_modules();
	log_info("memory: %lu MiB free", (unsigned long)mm_free_frames() >> 8);
	console_start_input();
	domain_release(dom0);
	log_info("*** Serial input to %s (type 'CTRL-%c' three times to switch input)",
		 options.conswitch_stays ? "Xen" : "DOM0", options.conswitch);
	entry_exit_to_guest(&c->regs);
}

void boot_main(uint64_t start_info, uint64_t moved)
{
	const struct hvm_start_info *info;
	uint64_t rsdp;
	struct cpu *c;

	image_at = IMAGE_PHYS + moved;
	make_idle_vcpu();
	paging_patch_smap();
	info = check_start_info(start_info);
	rsdp = info->rsdp_paddr;
	plan_boot(info);
	print_banner();
	find_memory(info);
	describe_machine(info);
	const char *missing = paging_init(&free_ram, &ram);

	if (missing)
		panic("boot: %s", missing);
	/* The modules move from the identity map to the direct map. */
	plan.kernel = arch_direct_map + (uint64_t)plan.kernel;
	if (plan.ramdisk)
		plan.ramdisk = arch_direct_map + (uint64_t)plan.ramdisk;
	acpi_init(rsdp);
	machine_init();
	c = hv_map_stack(0, image_at + (uint64_t)(boot_stack - image_start));
	__asm__ volatile("mov %0, %%rsp; xor %%ebp, %%ebp; jmp *%1"
			 : : "r"(&c->regs), "r"(boot_on_window), "D"(c) : "memory");
	__builtin_unreachable();
}
