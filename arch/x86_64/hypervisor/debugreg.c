/* SPDX-License-Identifier: MIT */
#include <hv/debugreg.h>

#include <cpu/insn.h>

void debugreg_write(unsigned reg, uint64_t value)
{
	switch (reg) {
	case 0:
		write_db0(value);
		break;
	case 1:
		write_db1(value);
		break;
	case 2:
		write_db2(value);
		break;
	case 3:
		write_db3(value);
		break;
	case 6:
		write_db6(value);
		break;
	case 7:
		write_db7(value);
		break;
	}
}
