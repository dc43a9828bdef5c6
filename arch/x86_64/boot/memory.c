// SPDX-License-Identifier: MIT
/*
 * Memory: pages below 4 GiB (the entry point runs without paging), each remembered so that a
 * refusal gives everything back; and the end of boot services, with the firmware's memory map
 * turned into the E820 types that hvm_start_info speaks.
 */
#include "loader.h"

#include "hv/mem.h"
#include "hv/memmap.h"

#define BELOW_4G	0xffffffffu
#define RUNS_MAX	16
#define MAP_SLACK	16	/* descriptors that our own last allocations may add */
#define EXIT_TRIES	8

static struct pages runs[RUNS_MAX];

static struct {
	struct pages pages;
	UINTN size;		/* room in bytes */
	UINTN used;
	UINTN key;
	UINTN step;		/* bytes from one descriptor to the next */
} map;

static struct hvm_memmap_table_entry raw[MEMMAP_MAX];

static size_t pages_for(uint64_t bytes)
{
	return (size_t)((bytes + EFI_PAGE - 1) / EFI_PAGE);
}

static void remember(const struct pages *pages)
{
	for (int i = 0; i < RUNS_MAX; i++) {
		if (runs[i].count == 0) {
			runs[i] = *pages;
			return;
		}
	}
}

static EFI_STATUS get_pages(struct pages *pages, EFI_ALLOCATE_TYPE how, EFI_MEMORY_TYPE type,
			    uint64_t addr, size_t count)
{
	EFI_PHYSICAL_ADDRESS at = addr;
	EFI_STATUS status = loader_st->BootServices->AllocatePages(how, type, count, &at);

	*pages = (struct pages){ 0, 0 };
	if (status == EFI_SUCCESS) {
		*pages = (struct pages){ at, count };
		remember(pages);
	}
	return status;
}

static void put_pages(uint64_t addr, size_t count)
{
	if (count > 0)
		loader_st->BootServices->FreePages(addr, count);
}

void memory_free(struct pages *pages)
{
	for (int i = 0; i < RUNS_MAX; i++) {
		if (runs[i].count > 0 && runs[i].addr == pages->addr)
			runs[i].count = 0;
	}
	put_pages(pages->addr, pages->count);
	*pages = (struct pages){ 0, 0 };
}

void memory_free_all(void)
{
	for (int i = 0; i < RUNS_MAX; i++) {
		put_pages(runs[i].addr, runs[i].count);
		runs[i].count = 0;
	}
}

/* How much a program could still have, for the message. */
static uint64_t free_memory(void)
{
	static uint8_t buffer[MEMMAP_MAX * 48];
	UINTN size = sizeof(buffer), key, step;
	UINT32 version;
	uint64_t free = 0;

	if (loader_st->BootServices->GetMemoryMap(&size, (void *)buffer, &key, &step,
						  &version) != EFI_SUCCESS)
		return 0;
	for (UINTN at = 0; at + step <= size; at += step) {
		const EFI_MEMORY_DESCRIPTOR *d = (const void *)(buffer + at);

		if (d->Type == EfiConventionalMemory)
			free += d->NumberOfPages * EFI_PAGE;
	}
	return free;
}

static EFI_STATUS too_little(const char *what, uint64_t size, EFI_STATUS status)
{
	say("%s: too little memory: %lu KiB wanted below 4 GiB, %lu KiB free in all", what,
	    (unsigned long)((size + 1023) / 1024), (unsigned long)(free_memory() / 1024));
	return status;
}

/* Takes more than is needed and gives back what lies before and behind the aligned part. */
static EFI_STATUS get_aligned(struct pages *pages, size_t count, uint64_t align)
{
	size_t extra = (size_t)(align / EFI_PAGE) - 1;
	struct pages all;
	EFI_STATUS status = get_pages(&all, AllocateMaxAddress, EfiLoaderData, BELOW_4G,
				      count + extra);

	*pages = all;
	if (status != EFI_SUCCESS || extra == 0)
		return status;

	uint64_t start = (all.addr + align - 1) & ~(align - 1);
	size_t before = (size_t)((start - all.addr) / EFI_PAGE);

	for (int i = 0; i < RUNS_MAX; i++) {
		if (runs[i].count > 0 && runs[i].addr == all.addr)
			runs[i] = (struct pages){ start, count };
	}
	put_pages(all.addr, before);
	put_pages(start + count * EFI_PAGE, extra - before);
	*pages = (struct pages){ start, count };
	return EFI_SUCCESS;
}

EFI_STATUS memory_alloc(struct pages *pages, uint64_t size, uint64_t align, const char *what)
{
	EFI_STATUS status = EFI_OUT_OF_RESOURCES;

	*pages = (struct pages){ 0, 0 };
	if (size < BELOW_4G)
		status = get_aligned(pages, pages_for(size), align);
	return status == EFI_SUCCESS ? status : too_little(what, size, status);
}

EFI_STATUS memory_alloc_at(struct pages *pages, uint64_t addr, uint64_t size)
{
	uint64_t start = addr & ~(uint64_t)(EFI_PAGE - 1);

	return get_pages(pages, AllocateAddress, EfiLoaderData, start,
			 pages_for(addr + size - start));
}

EFI_STATUS memory_alloc_code(struct pages *pages, uint64_t size, const char *what)
{
	EFI_STATUS status = get_pages(pages, AllocateMaxAddress, EfiLoaderCode, BELOW_4G,
				      pages_for(size));

	return status == EFI_SUCCESS ? status : too_little(what, size, status);
}

/* ---- the end of boot services ------------------------------------------------- */

static EFI_STATUS read_map(void)
{
	UINT32 version;

	map.used = map.size;
	return loader_st->BootServices->GetMemoryMap(&map.used,
						     (void *)(uintptr_t)map.pages.addr,
						     &map.key, &map.step, &version);
}

EFI_STATUS memory_prepare_exit(void)
{
	EFI_STATUS status;

	map.size = 0;
	map.pages = (struct pages){ 0, 0 };
	status = read_map();
	if (status != EFI_BUFFER_TOO_SMALL) {
		say("the firmware does not give its memory map");
		return EFI_LOAD_ERROR;
	}
	map.size = map.used + MAP_SLACK * map.step;
	if (map.size / map.step > MEMMAP_MAX) {
		say("the firmware's memory map has %lu entries, room is for %u",
		    (unsigned long)(map.size / map.step), MEMMAP_MAX);
		return EFI_LOAD_ERROR;
	}
	return memory_alloc(&map.pages, map.size, EFI_PAGE, "memory map");
}

/* What is the firmware's at run time stays its own; what was for booting is free. */
static uint32_t e820_type(uint32_t type)
{
	switch (type) {
	case EfiLoaderCode:
	case EfiLoaderData:
	case EfiBootServicesCode:
	case EfiBootServicesData:
	case EfiConventionalMemory: return XEN_HVM_MEMMAP_TYPE_RAM;
	case EfiACPIReclaimMemory: return XEN_HVM_MEMMAP_TYPE_ACPI;
	case EfiACPIMemoryNVS: return XEN_HVM_MEMMAP_TYPE_NVS;
	case EfiUnusableMemory: return XEN_HVM_MEMMAP_TYPE_UNUSABLE;
	case 14: return XEN_HVM_MEMMAP_TYPE_PMEM;	/* EfiPersistentMemory */
	default: return XEN_HVM_MEMMAP_TYPE_RESERVED;
	}
}

static size_t convert_map(void)
{
	size_t n = 0;

	for (UINTN at = 0; at + map.step <= map.used && n < MEMMAP_MAX; at += map.step) {
		const EFI_MEMORY_DESCRIPTOR *d =
			(const void *)(uintptr_t)(map.pages.addr + at);

		raw[n++] = (struct hvm_memmap_table_entry){
			.addr = d->PhysicalStart,
			.size = d->NumberOfPages * EFI_PAGE,
			.type = e820_type(d->Type),
		};
	}
	return n;
}

EFI_STATUS memory_exit(struct hvm_memmap_table_entry *table, uint32_t max, uint32_t *count)
{
	EFI_STATUS status = EFI_SUCCESS;
	int n;

	/* The map may change between the two calls, when an event of the firmware comes in. */
	for (int i = 0; i < EXIT_TRIES; i++) {
		status = read_map();
		if (status != EFI_SUCCESS)
			break;
		status = loader_st->BootServices->ExitBootServices(loader_image, map.key);
		if (status == EFI_SUCCESS)
			break;
	}
	if (status != EFI_SUCCESS) {
		say("the firmware does not let go of the machine (status %lx)",
		    (unsigned long)status);
		return status;
	}

	/* Point of no return. The clean table has no more entries than twice the raw one. */
	n = memmap_clean(table, max, raw, convert_map());
	*count = n > 0 ? (uint32_t)n : 0;
	return EFI_SUCCESS;
}
