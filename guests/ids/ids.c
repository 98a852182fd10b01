/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Prints what identifies this GICv5 and this PE, and checks the little that the architecture fixes:
 * constants, registers that do not exist, and registers that cannot be written.
 */
#include "kit.h"

static uint32_t failures;

static void check(bool good, const char *what)
{
    if (good)
        return;
    failures++;
    print("ids: not as it should be: %s\n", what);
}

/* ---- The IRS --------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    uint32_t offset;
} irs_ids[] = {
    {"IRS_IDR0", IRS_IDR0},    {"IRS_IDR1", IRS_IDR1},    {"IRS_IDR2", IRS_IDR2},
    {"IRS_IDR3", IRS_IDR3},    {"IRS_IDR4", IRS_IDR4},    {"IRS_IDR5", IRS_IDR5},
    {"IRS_IDR6", IRS_IDR6},    {"IRS_IDR7", IRS_IDR7},    {"IRS_IIDR", IRS_IIDR},
    {"IRS_AIDR", IRS_AIDR},    {"DEVARCH", IRS_DEVARCH},  {"PIDR4", IRS_PIDR4},
    {"PIDR0", IRS_PIDR0},      {"PIDR1", IRS_PIDR0 + 4},  {"PIDR2", IRS_PIDR0 + 8},
    {"PIDR3", IRS_PIDR0 + 12}, {"CIDR0", IRS_CIDR0},      {"CIDR1", IRS_CIDR0 + 4},
    {"CIDR2", IRS_CIDR0 + 8},  {"CIDR3", IRS_CIDR0 + 12},
};

static void irs(void)
{
    uint32_t iidr = irs_read(IRS_IIDR);

    for (size_t i = 0; i < sizeof(irs_ids) / sizeof(*irs_ids); i++)
        print("ids: %s %x\n", irs_ids[i].name, irs_read(irs_ids[i].offset));
    check((irs_read(IRS_IDR0) & 3) == 1, "INT_DOM is Non-secure");
    check((irs_read(IRS_IDR1) & 0xffff) >= nr_cpus, "PE_CNT covers the vCPUs");
    check(irs_read(IRS_IDR7) + irs_read(IRS_IDR6) <= irs_read(IRS_IDR5), "the IRS's SPIs exist");
    check(irs_read(IRS_DEVARCH) == 0x47705a19, "DEVARCH");
    check(irs_read(IRS_PIDR0) == (iidr >> 20 & 0xff), "PIDR0 is ProductID[7:0]");
    check(irs_read(IRS_PIDR4) == (iidr >> 8 & 0xf), "PIDR4 is Implementer[11:8]");
    check(irs_read(IRS_CIDR0) == 0x0d && irs_read(IRS_CIDR0 + 4) == 0xf0 &&
              irs_read(IRS_CIDR0 + 8) == 0x05 && irs_read(IRS_CIDR0 + 12) == 0xb1,
          "CIDR0..3");
    check(irs_read(0x1000) == 0 && irs_read(0xffcc) == 0, "reserved offsets read 0");
}

/* ---- The CPU interface ----------------------------------------------------------------------- */

#define SHOW(name, reg) print("ids: %s %lx\n", name, read_register(reg))

static bool is_undefined(uint64_t esr)
{
    return esr != NO_FAULT && (ESR_EC(esr)) == EC_UNKNOWN;
}

static void cpu_interface(void)
{
    SHOW("ICC_IDR0_EL1", ICC_IDR0);
    SHOW("ICC_IAFFIDR_EL1", ICC_IAFFIDR);
    SHOW("ICC_CR0_EL1", ICC_CR0);
    SHOW("ICC_PPI_HMR0_EL1", ICC_PPI_HMR0);
    SHOW("ICC_PPI_HMR1_EL1", ICC_PPI_HMR1);
    check(!(read_register(ICC_PPI_HMR0) >> PPI_SW & 1), "SW_PPI is an edge");
    check(read_register(ICC_PPI_HMR0) >> PPI_CNTV & 1, "the virtual timer's PPI is a level");
    check(read_register(ICC_PPI_HMR0) >> PPI_CNTP & 1, "the physical timer's PPI is a level");
    check(is_undefined(FAULTS((void)read_register("S3_1_C12_C0_3"))), "ICC_HAPR_EL1 is UNDEFINED");
    check(is_undefined(FAULTS(write_register(ICC_IAFFIDR, 0))),
          "ICC_IAFFIDR_EL1 cannot be written");
    check(is_undefined(FAULTS(write_register(ICC_HPPIR, 0))), "ICC_HPPIR_EL1 cannot be written");
    check(is_undefined(FAULTS(GIC(1, 6, 0))), "GIC instruction CRm 1 op2 6 is UNDEFINED");
}

/* ---- The PE ---------------------------------------------------------------------------------- */

#define FIELD(value, shift) ((uint32_t)((value) >> (shift)) & 15)

static void pe(void)
{
    uint64_t pfr0 = read_register("id_aa64pfr0_el1"), pfr2 = read_register("S3_0_C0_C4_2");

    SHOW("MIDR_EL1", "midr_el1");
    SHOW("MPIDR_EL1", "mpidr_el1");
    SHOW("ID_AA64PFR0_EL1", "id_aa64pfr0_el1");
    SHOW("ID_AA64PFR1_EL1", "id_aa64pfr1_el1");
    SHOW("ID_AA64PFR2_EL1", "S3_0_C0_C4_2");
    SHOW("ID_AA64DFR0_EL1", "id_aa64dfr0_el1");
    SHOW("ID_AA64ISAR0_EL1", "id_aa64isar0_el1");
    SHOW("ID_AA64ISAR1_EL1", "id_aa64isar1_el1");
    SHOW("ID_AA64MMFR0_EL1", "id_aa64mmfr0_el1");
    SHOW("ID_AA64MMFR1_EL1", "id_aa64mmfr1_el1");
    SHOW("CNTFRQ_EL0", "cntfrq_el0");
    check(FIELD(pfr0, 24) == 0, "PFR0.GIC is 0");
    check(FIELD(pfr2, 12) == 1, "PFR2.GCIE is 1");
}

int guest_main(void)
{
    print("ids: %u vCPUs, this is %lx, PSCI %lx\n", nr_cpus, cpus[0].mpidr,
          (uint64_t)psci(PSCI_VERSION, 0, 0, 0));
    irs();
    cpu_interface();
    pe();
    print("ids: %s\n", failures ? "FAIL" : "PASS");
    return failures != 0;
}
