# SPDX-License-Identifier: MIT
XL_CONF := $(addprefix dom0tools/domconf/,cfg.c cpumap.c domconf.c keys.c readcpus.c reader.c)
XL_BUILD := $(addprefix dom0tools/build/,domctl.c error.c kernel.c load.c memory.c plan.c start.c) \
	$(IMAGE_SRCS) tests/unit/decompress/fake_pages.c \
	hypervisor/lib/elf.c hypervisor/lib/str.c pvguest/errno.c

UNITS += xl_cfg xl_domconf xl_kernel xl_plan xl_format xl_args xl_load xl_session xl_top
xl_cfg_USRCS := tests/unit/xl/cfg_test.c dom0tools/domconf/cfg.c
xl_cfg_ULEX := dom0tools/domconf/xlcfg.l
xl_cfg_UYACC := dom0tools/domconf/xlcfg.y
xl_domconf_USRCS := tests/unit/xl/domconf_test.c $(XL_CONF)
xl_domconf_ULEX := dom0tools/domconf/xlcfg.l
xl_domconf_UYACC := dom0tools/domconf/xlcfg.y
xl_kernel_USRCS := tests/unit/xl/kernel_test.c tests/unit/xl/elf_maker.c dom0tools/build/kernel.c \
	dom0tools/build/error.c hypervisor/lib/elf.c hypervisor/lib/str.c
xl_plan_USRCS := tests/unit/xl/plan_test.c dom0tools/build/kernel.c dom0tools/build/plan.c \
	dom0tools/build/start.c dom0tools/build/error.c hypervisor/lib/elf.c hypervisor/lib/str.c
xl_format_USRCS := tests/unit/xl/format_test.c dom0tools/xl/format.c dom0tools/xl/json.c $(XL_CONF)
xl_format_ULEX := dom0tools/domconf/xlcfg.l
xl_format_UYACC := dom0tools/domconf/xlcfg.y
xl_args_USRCS := tests/unit/xl/args_test.c dom0tools/xl/args.c
xl_top_USRCS := tests/unit/xl/top_test.c dom0tools/xl/top.c dom0tools/xl/topkeys.c
xl_load_USRCS := tests/unit/xl/load_test.c tests/unit/xl/elf_maker.c tests/unit/xl/fake_xen.c \
	tests/unit/xl/fake_threads.c $(XL_BUILD) $(XL_CONF)
xl_load_ULIBS := $(IMAGE_ULIBS)
xl_load_ULEX := dom0tools/domconf/xlcfg.l
xl_load_UYACC := dom0tools/domconf/xlcfg.y
xl_session_USRCS := tests/unit/xl/session_test.c tests/unit/xl/elf_maker.c \
	tests/unit/xl/fake_xen.c tests/unit/xl/fake_threads.c tests/unit/xl/fake_store.c \
	tests/unit/xl/fake_dom0.c $(XL_BUILD) $(XL_CONF) \
	$(addprefix dom0tools/xl/,args.c cmd_console.c cmd_create.c cmd_devices.c cmd_host.c cmd_list.c \
	cmd_memory.c cmd_name.c cmd_pin.c cmd_run.c cmd_sched.c cmd_shutdown.c cmd_signal.c cmd_top.c cmd_vcpu.c create.c format.c \
	json.c monitor.c names.c record.c store.c table.c top.c topkeys.c wait.c xl.c)
xl_session_ULIBS := $(IMAGE_ULIBS)
xl_session_ULEX := dom0tools/domconf/xlcfg.l
xl_session_UYACC := dom0tools/domconf/xlcfg.y
