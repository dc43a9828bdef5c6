# SPDX-License-Identifier: MIT
DOM0_SRCS += $(addprefix dom0tools/xl/,args.c cmd_console.c cmd_create.c cmd_devices.c cmd_host.c cmd_list.c \
	cmd_memory.c cmd_name.c cmd_pin.c cmd_run.c cmd_sched.c cmd_shutdown.c cmd_signal.c cmd_top.c cmd_vcpu.c create.c format.c \
	json.c log.c monitor.c names.c record.c store.c table.c top.c topkeys.c wait.c xl.c)
CFLAGS_dom0tools/xl/xl.c := -DXL_VERSION='"$(VERSION)"'
CFLAGS_dom0tools/xl/cmd_host.c := -DXL_VERSION='"$(VERSION)"'
HOSTFLAGS_dom0tools/xl/xl.c := -DXL_VERSION='"$(VERSION)"'
HOSTFLAGS_dom0tools/xl/cmd_host.c := -DXL_VERSION='"$(VERSION)"'
