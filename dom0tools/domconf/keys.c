/* SPDX-License-Identifier: MIT */
/*
 * One table of names: what becomes of each key of xl.cfg(5). A key that asks for
 * something that is not there is an error, not a silent loss.
 */
#include "domconf/keys.h"

static const struct {
	enum key_fate fate;
	const char *names;	/* separated by blanks */
} keys[] = {
	{ KEY_READ, "name type builder kernel ramdisk root extra cmdline memory maxmem vcpus "
		    "maxvcpus cpus cpus_soft cpu_weight cap uuid on_poweroff on_reboot on_crash on_watchdog "
		    "on_soft_reset bootloader max_grant_frames max_maptrack_frames "
		    "max_grant_version max_event_channels tsc_mode rtc_timeoffset pvh hvm" },
	{ KEY_WITHOUT_EFFECT, "nomigrate localtime seclabel init_seclabel e820_host cpuid "
			      "bootloader_args pool console vncviewer "
			      "claim_mode trusted_guest" },
	{ KEY_HVM, "acpi acpi_firmware acpi_laptop_slate acpi_s3 acpi_s4 altp2m apic bios "
		   "bios_path_override boot device_model device_model_args "
		   "device_model_args_hvm device_model_override device_model_stubdomain_override "
		   "device_model_user device_model_version dm_restrict firmware "
		   "firmware_override gfx_passthru hap hdtype hpet keymap mca_caps mmio_hole "
		   "monitor ms_vm_genid nested_hvm nestedhvm nographic nx opengl pae "
		   "parallel rdm_mem_boundary sdl serial shadow_memory smbios_firmware "
		   "soundhw spice spicehost spiceport spicetls_port stdvga system_firmware "
		   "timer_mode usb usbctrl usbdev usbdevice usbversion vendor_device vga videoram "
		   "viridian vnc vncconsole vncdisplay vnclisten vncpasswd vncunused "
		   "vpt_align xen_platform_pci" },
	{ KEY_PASSTHROUGH, "pci pci_msitranslate pci_permissive pci_power_mgmt pci_seize "
			   "passthrough rdm dtdev ioports iomem irqs driver_domain" },
	{ KEY_DEVICE, "disk vif vtpm p9 vfb vkb vsnd vdispl pvcalls channel" },
};

static bool has_word(const char *words, const char *word)
{
	while (*words) {
		size_t i = 0;

		while (word[i] && words[i] == word[i])
			i++;
		if (!word[i] && (words[i] == ' ' || !words[i]))
			return true;
		while (*words && *words++ != ' ')
			;
	}
	return false;
}

enum key_fate key_fate(const char *key)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (has_word(keys[i].names, key))
			return keys[i].fate;
	return KEY_UNKNOWN;
}
