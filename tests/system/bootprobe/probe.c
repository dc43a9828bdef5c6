// SPDX-License-Identifier: MIT
/*
 * Prints hvm_start_info, line by line, on the first serial port, and ends QEMU through its debug
 * exit port (isa-debug-exit at 0xf4) if there is one. 32-bit code without a library.
 */
#include <stdint.h>

#include <xen/arch-x86/hvm/start_info.h>

#define COM1 0x3f8

void probe(uint32_t eflags, uint32_t cr0, uint32_t cr4, const struct hvm_start_info *info,
	   uint32_t moved);

static void outb(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static uint8_t inb(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static void put(char c)
{
	while ((inb(COM1 + 5) & 0x20) == 0)
		;
	outb(COM1, (uint8_t)c);
}

static void text(const char *s)
{
	while (*s != '\0')
		put(*s++);
}

static void hex(const char *name, uint64_t value)
{
	text(name);
	put('=');
	for (int shift = 60; shift >= 0; shift -= 4) {
		unsigned digit = (unsigned)(value >> shift) & 15;

		if (value >> shift != 0 || shift == 0)
			put((char)(digit < 10 ? '0' + digit : 'a' + digit - 10));
	}
	put(' ');
}

static void line_end(void)
{
	text("\r\n");
}

/* A sum of all bytes, so that a test can tell whether the whole file came through. */
static uint32_t checksum(const uint8_t *p, uint64_t n)
{
	uint32_t sum = 0;

	while (n-- > 0)
		sum = sum * 31 + *p++;
	return sum;
}

static const void *pointer(uint64_t paddr)
{
	return (const void *)(uintptr_t)paddr;
}

static void print_modules(const struct hvm_start_info *info)
{
	const struct hvm_modlist_entry *m = pointer(info->modlist_paddr);

	for (uint32_t i = 0; i < info->nr_modules; i++) {
		text("probe: module ");
		hex("paddr", m[i].paddr);
		hex("size", m[i].size);
		hex("sum", checksum(pointer(m[i].paddr), m[i].size));
		text("cmdline=\"");
		if (m[i].cmdline_paddr != 0)
			text(pointer(m[i].cmdline_paddr));
		text("\"");
		line_end();
	}
}

static void print_memmap(const struct hvm_start_info *info)
{
	const struct hvm_memmap_table_entry *e = pointer(info->memmap_paddr);

	for (uint32_t i = 0; i < info->memmap_entries; i++) {
		text("probe: memory ");
		hex("addr", e[i].addr);
		hex("size", e[i].size);
		hex("type", e[i].type);
		line_end();
	}
}

void probe(uint32_t eflags, uint32_t cr0, uint32_t cr4, const struct hvm_start_info *info,
	   uint32_t moved)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	text("\r\nprobe: entered ");
	hex("moved", moved);
	hex("eflags", eflags);
	hex("cr0", cr0);
	hex("cr4", cr4);
	hex("tsc", (uint64_t)high << 32 | low);
	line_end();
	text("probe: start_info ");
	hex("at", (uintptr_t)info);
	hex("magic", info->magic);
	hex("version", info->version);
	hex("modules", info->nr_modules);
	hex("rsdp", info->rsdp_paddr);
	hex("entries", info->memmap_entries);
	line_end();
	text("probe: options \"");
	if (info->cmdline_paddr != 0)
		text(pointer(info->cmdline_paddr));
	text("\"");
	line_end();
	print_modules(info);
	print_memmap(info);
	if (info->rsdp_paddr != 0) {
		text("probe: acpi ");
		for (int i = 0; i < 8; i++)
			put(((const char *)pointer(info->rsdp_paddr))[i]);
		line_end();
	}
	text("probe: done");
	line_end();
	outb(0xf4, 0);
}
