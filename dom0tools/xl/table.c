/* SPDX-License-Identifier: MIT */
/* The table: what `xl help` lists, in the order that xl lists it, and what runs. */
#include "xl/command.h"

#include <stdio.h>
#include <string.h>

#define SCHED_USAGE "[-d <Domain> [-w[=WEIGHT]|-c[=CAP]]] [-s [-r[=RLIMIT]]] [-p CPUPOOL]"
#define SCHED_OPTIONS \
	"-d DOMAIN, --domain=DOMAIN     Domain to modify\n" \
	"-w WEIGHT, --weight=WEIGHT     Weight (int)\n" \
	"-c CAP,    --cap=CAP           Cap (int)\n" \
	"-s         --schedparam        Query / modify scheduler parameters\n" \
	"-r RLIMIT, --ratelimit_us=RLIMIT\n" \
	"                               Set the scheduling rate limit, in microseconds\n" \
	"-p CPUPOOL, --cpupool=CPUPOOL  Restrict output to CPUPOOL"

const struct xl_command xl_commands[] = {
	{
		.name = "create",
		.usage = "<ConfigFile> [options] [vars]",
		.summary = "Create a domain from config file <filename>",
		.options =
			"-c                      Connect to the console; the domain starts when it is connected.\n"
			"-d                      Print the resulting configuration before creating.\n"
			"-e                      Do not act in the background on the death of the domain.\n"
			"-F                      Run in foreground until death of the domain.\n"
			"-f FILE, --defconfig=FILE\n"
			"                     Use the given configuration file.\n"
			"-h                      Print this help.\n"
			"-n, --dryrun            Dry run - prints the resulting configuration\n"
			"                         (deprecated in favour of global -N option).\n"
			"-p                      Leave the domain paused after it is created.\n"
			"-q, --quiet             Quiet.",
		.run = cmd_create,
		.modifies = true,
		.can_dry_run = true,
	}, {
		.name = "list",
		.usage = "[options] [Domain]\n",
		.summary = "List information about all/some domains",
		.options =
			"-l, --long              Output all VM details\n"
			"-v, --verbose           Prints out UUIDs and security context\n"
			"-Z, --context           Prints out security context\n"
			"-c, --cpupool           Prints the cpupool the domain is in\n"
			"-n, --numa              Prints out NUMA node affinity",
		.run = cmd_list,
	}, {
		.name = "destroy",
		.usage = "[options] <Domain>",
		.summary = "Terminate a domain immediately",
		.options = "-f                      Force; domain 0 is not destroyed all the same",
		.run = cmd_destroy,
		.modifies = true,
	}, {
		.name = "shutdown",
		.usage = "[options] <-a|Domain>",
		.summary = "Issue a shutdown signal to a domain",
		.options =
			"-a, --all               Shutdown all guest domains.\n"
			"-h                      Print this help.\n"
			"-F                      Fallback to ACPI power event for HVM guests with\n"
			"                        no PV drivers.\n"
			"-w, --wait              Wait for guest(s) to shutdown.",
		.run = cmd_shutdown,
		.modifies = true,
	}, {
		.name = "reboot",
		.usage = "[options] <-a|Domain>",
		.summary = "Issue a reboot signal to a domain",
		.options =
			"-a, --all               Reboot all guest domains.\n"
			"-h                      Print this help.\n"
			"-F                      Fallback to ACPI reset event for HVM guests with\n"
			"                        no PV drivers.\n"
			"-w, --wait              Wait for guest(s) to reboot.",
		.run = cmd_reboot,
		.modifies = true,
	}, {
		.name = "pause",
		.usage = "<Domain>",
		.summary = "Pause execution of a domain",
		.run = cmd_pause,
		.modifies = true,
	}, {
		.name = "unpause",
		.usage = "<Domain>",
		.summary = "Unpause a paused domain",
		.run = cmd_unpause,
		.modifies = true,
	}, {
		.name = "console",
		.usage = "[options] <Domain>\n"
			 "-t <type>       console type, pv or serial\n"
			 "-n <number>     console number",
		.summary = "Attach to domain's console",
		.run = cmd_console,
	}, {
		.name = "mem-max",
		.usage = "<Domain> <MemMB['b'[bytes]|'k'[KB]|'m'[MB]|'g'[GB]|'t'[TB]]>",
		.summary = "Set the maximum amount reservation for a domain",
		.run = cmd_mem_max,
		.modifies = true,
	}, {
		.name = "mem-set",
		.usage = "<Domain> <MemMB['b'[bytes]|'k'[KB]|'m'[MB]|'g'[GB]|'t'[TB]]>",
		.summary = "Set the current memory usage for a domain",
		.run = cmd_mem_set,
		.modifies = true,
	}, {
		.name = "vcpu-list",
		.usage = "[Domain, ...]",
		.summary = "List the VCPUs for all/some domains",
		.run = cmd_vcpu_list,
	}, {
		.name = "vcpu-pin",
		.usage = "[option] <Domain> <VCPU|all> <Hard affinity|-|all> <Soft affinity|-|all>",
		.summary = "Set which CPUs a VCPU can use",
		.options =
			"-f, --force        undo an override pinning done by the kernel",
		.run = cmd_vcpu_pin,
		.modifies = true,
	}, {
		.name = "vcpu-set",
		.usage = "[option] <Domain> <vCPUs>",
		.summary = "Set the number of active VCPUs allowed for the domain",
		.options =
			"-i, --ignore-host  Don't limit the vCPU based on the host CPU count",
		.run = cmd_vcpu_set,
		.modifies = true,
	}, {
		.name = "vm-list",
		.usage = "",
		.summary = "List guest domains, excluding dom0, stubdoms, etc.",
		.run = cmd_vm_list,
	}, {
		.name = "info",
		.usage = "[-n|--numa]",
		.summary = "Get information about Xen host",
		.options = "-n, --numa         List host NUMA topology information (there is one node)",
		.run = cmd_info,
	}, {
		.name = "top",
		.usage = "[options]",
		.summary = "Monitor a host and the domains in real time",
		.options =
			"-d SECONDS, --delay=SECONDS  seconds between updates (default 3)\n"
			"-n, --networks       output vif network data (there are none)\n"
			"-x, --vbds           output vbd block device data (there are none)\n"
			"-r, --repeat-header  repeat table header before each domain\n"
			"-v, --vcpus          output vcpu data\n"
			"-b, --batch          output in batch mode, no user input accepted\n"
			"-i N, --iterations=N number of iterations before exiting\n"
			"-f, --full-name      output the full domain name (not truncated)\n"
			"-z, --dom0-first     display dom0 first (ignore sorting)",
		.run = cmd_top,
	}, {
		.name = "sched-credit2",
		.usage = SCHED_USAGE,
		.summary = "Get/set credit2 scheduler parameters",
		.options = SCHED_OPTIONS,
		.run = cmd_sched_credit2,
		.modifies = true,
	}, {
		.name = "sched-credit",
		.usage = SCHED_USAGE,
		.summary = "The same as sched-credit2, under its old name",
		.options = SCHED_OPTIONS,
		.run = cmd_sched_credit2,
		.modifies = true,
	}, {
		.name = "cpupool-list",
		.usage = "[-c|--cpus] [<CPU Pool>]",
		.summary = "List CPU pools on host",
		.options = "-c, --cpus                     Output list of CPUs used by a pool",
		.run = cmd_cpupool_list,
	}, {
		.name = "domid",
		.usage = "<DomainName>",
		.summary = "Convert a domain name to domain id",
		.run = cmd_domid,
	}, {
		.name = "domname",
		.usage = "<DomainId>",
		.summary = "Convert a domain id to domain name",
		.run = cmd_domname,
	}, {
		.name = "rename",
		.usage = "<Domain> <NewDomainName>",
		.summary = "Rename a domain",
		.run = cmd_rename,
		.modifies = true,
	}, {
		.name = "trigger",
		.usage = "<Domain> <nmi|reset|init|power|sleep|s3resume> [<VCPU>]",
		.summary = "Send a trigger to a domain",
		.run = cmd_trigger,
		.modifies = true,
	}, {
		.name = "sysrq",
		.usage = "<Domain> <letter>",
		.summary = "Send a sysrq to a domain",
		.run = cmd_sysrq,
		.modifies = true,
	}, {
		.name = "debug-keys",
		.usage = "<Keys>",
		.summary = "Send debug keys to Xen",
		.run = cmd_debug_keys,
		.modifies = true,
	}, {
		.name = "dmesg",
		.usage = "[-c]",
		.summary = "Read and/or clear dmesg buffer",
		.options = "  -c                        Clear dmesg buffer as well as printing it",
		.run = cmd_dmesg,
	}, {
		.name = "uptime",
		.usage = "[-s] [Domain]",
		.summary = "Print uptime for all/some domains",
		.options = "-s                      Print short output.",
		.run = cmd_uptime,
	}, {
		.name = "network-list",
		.usage = "<Domain(s)>",
		.summary = "List virtual network interfaces for a domain",
		.run = cmd_network_list,
	}, {
		.name = "block-list",
		.usage = "<Domain(s)>",
		.summary = "List virtual block devices for a domain",
		.run = cmd_block_list,
	}, {
		.name = "sharing",
		.usage = "[Domain]",
		.summary = "Get information about page sharing",
		.run = cmd_sharing,
	}, {
		.name = "claims",
		.usage = "",
		.summary = "List outstanding claim information about all domains",
		.run = cmd_claims,
	}, {
		.name = "help",
		.usage = "[Command]",
		.summary = "Print this list, or the usage of a command",
		.run = cmd_help,
	},
};

const size_t xl_command_count = sizeof(xl_commands) / sizeof(xl_commands[0]);

const struct xl_command *xl_command_find(const char *name)
{
	const struct xl_command *found = NULL;
	size_t length = strlen(name), count = 0;

	for (size_t i = 0; i < xl_command_count && length; i++) {
		if (strncmp(xl_commands[i].name, name, length))
			continue;
		if (!xl_commands[i].name[length])
			return &xl_commands[i];
		found = &xl_commands[i];
		count++;
	}
	return count == 1 ? found : NULL;
}

void xl_command_help(const struct xl_command *c)
{
	printf("Usage: xl [-vtT%s%s] %s %s\n\n%s.\n\n", c->modifies ? "f" : "",
	       c->can_dry_run ? "N" : "", c->name, c->usage, c->summary);
	if (c->options)
		printf("Options:\n\n%s\n", c->options);
}
