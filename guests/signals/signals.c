/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a PE sees of the interrupts that are signalled to it, and of PSCI: ISR_EL1, what ends a WFI
 * and what does not, and a vCPU that goes off and comes back in reset state. 2 vCPUs.
 */
#include "kit.h"

#define OURS LPI(5)
#define PRIORITY 20u
#define ISR_I (1u << 7)
#define ISR_IS (1u << 10)
#define PSCI_FEATURES 0x8400000au
#define PSCI_CPU_SUSPEND 0xc4000001u
#define NOT_SUPPORTED (-1)
#define INVALID_PARAMETERS (-2)
#define ALREADY_ON (-4)
#define INVALID_ADDRESS (-9)
#define NAP 3125000u /* ticks; 50 ms, of which nothing else here takes a part */

static uint32_t failures;

static void expect(uint64_t found, uint64_t expected, const char *what)
{
    if (found == expected)
        return;
    failures++;
    print("signals: %s is %lx, not %lx\n", what, found, expected);
}

/* ---- ISR_EL1 and the CPU interface. Interrupts stay masked by PSTATE all the time. ------------
 */

static void set_pcr(uint32_t priority)
{
    write_register(ICC_PCR, priority);
    isb();
}

static void set_enabled(bool enabled)
{
    write_register(ICC_CR0, enabled);
    isb();
}

static void set_apr(uint32_t priorities)
{
    write_register(ICC_APR, priorities);
    isb();
}

static void pend(bool pending)
{
    gic_cdpend(OURS, pending);
    gsb_sys();
}

static void check_isr(void)
{
    expect(read_register("isr_el1"), 0, "ISR_EL1 with nothing pending");
    pend(true);
    expect(read_register("isr_el1"), ISR_I, "ISR_EL1 with an LPI pending");
    set_pcr(PRIORITY - 1);
    expect(read_register("isr_el1"), 0, "ISR_EL1, masked by PCR");
    set_pcr(PRIORITY);
    expect(read_register("isr_el1"), ISR_I, "ISR_EL1, PCR of the same priority");
    set_apr(1u << PRIORITY);
    expect(read_register("isr_el1"), 0, "ISR_EL1, the running priority is the same");
    set_apr(1u << (PRIORITY + 1));
    expect(read_register("isr_el1"), ISR_I, "ISR_EL1, the running priority is lower");
    set_apr(0);
    set_enabled(false);
    expect(read_register("isr_el1"), 0, "ISR_EL1 with ICC_CR0_EL1.EN = 0");
    set_enabled(true);
    gic_cdpri(OURS, 0);
    gsb_sys();
    expect(read_register("isr_el1"), ISR_I | ISR_IS, "ISR_EL1 with Superpriority");
    gic_cdpri(OURS, PRIORITY);
    irs_write(IRS_CR0, 0);
    expect(read_register("isr_el1"), 0, "ISR_EL1 with IRS_CR0.IRSEN = 0");
    irs_write(IRS_CR0, 1);
    expect(read_register("isr_el1"), ISR_I, "ISR_EL1 with IRS_CR0.IRSEN = 1 again");
    set_pcr(31);
}

/* ---- WFI. The timer is a way out, and tells how long it took. ---------------------------------
 */

/* Slept until the timer, whose priority is 0, came? */
static bool sleeps(void)
{
    uint64_t deadline = counter() + NAP;

    timer_sleep(NAP);
    return counter() >= deadline;
}

static void check_wfi(void)
{
    expect(sleeps(), false, "WFI that waits, with PSTATE.I = 1 and an LPI signalled,");
    set_pcr(PRIORITY - 1);
    expect(sleeps(), true, "WFI that waits, with an LPI masked by PCR,");
    set_pcr(31);
    set_apr(1u << PRIORITY);
    expect(sleeps(), true, "WFI that waits, with an LPI below the running priority,");
    set_apr(0);
    gic_cddis(OURS);
    gsb_sys();
    expect(sleeps(), true, "WFI that waits, with an LPI disabled,");
    gic_cden(OURS);
    gsb_sys();
    expect(sleeps(), false, "WFI that waits, with the LPI enabled again,");
    pend(false);
    expect(sleeps(), true, "WFI that waits, with nothing pending,");
}

/* ---- PSCI -------------------------------------------------------------------------------------
 */

/* What software does not set up at the start of a vCPU, and so finds as it was reset. */
static const char *const reset_names[] = {"ICC_APR_EL1",  "ICC_PPI_SPENDR0_EL1",
                                          "ICC_ICSR_EL1", "ICC_PPI_SACTIVER0_EL1",
                                          "CNTV_CTL_EL0", "CNTP_CTL_EL0"};

#define NR_RESET (sizeof(reset_names) / sizeof(*reset_names))

static uint64_t found[NR_RESET];

static void look(void)
{
    found[0] = read_register(ICC_APR);
    found[1] = read_register(ICC_PPI_SPENDR0);
    found[2] = read_register(ICC_ICSR);
    found[3] = read_register(ICC_PPI_SACTIVER0);
    found[4] = read_register("cntv_ctl_el0");
    found[5] = read_register("cntp_ctl_el0");
    dsb();
}

static void leave_traces(void)
{
    write_register(ICC_APR, 1u << 7);
    write_register(ICC_PPI_SPENDR0, 1u << PPI_SW);
    write_register(ICC_ICSR, 1u);
    write_register(ICC_PPI_SACTIVER0, 1u << PPI_CNTP);
    timer_virtual_set(0);
    timer_physical_set(0);
    look();
}

static void off(void)
{
    expect((uint64_t)psci(PSCI_AFFINITY_INFO, cpus[1].mpidr, 0, 0), PSCI_AFFINITY_OFF,
           "AFFINITY_INFO of a vCPU that is off");
}

static void check_calls(void)
{
    static const uint32_t offered[] = {PSCI_VERSION,     PSCI_FEATURES,      PSCI_CPU_ON,
                                       PSCI_CPU_OFF,     PSCI_AFFINITY_INFO, PSCI_SYSTEM_OFF,
                                       PSCI_SYSTEM_RESET};
    uint64_t here = (uint64_t)&check_calls;

    expect((uint64_t)psci(PSCI_VERSION, 0, 0, 0), 0x10001, "PSCI_VERSION");
    for (size_t i = 0; i < sizeof(offered) / sizeof(*offered); i++)
        expect((uint64_t)psci(PSCI_FEATURES, offered[i], 0, 0), 0, "PSCI_FEATURES");
    expect((uint64_t)psci(PSCI_FEATURES, PSCI_CPU_SUSPEND, 0, 0), (uint64_t)NOT_SUPPORTED,
           "PSCI_FEATURES of CPU_SUSPEND");
    expect((uint64_t)psci(PSCI_CPU_ON, 0xffff00, here, 0), (uint64_t)INVALID_PARAMETERS,
           "CPU_ON of no vCPU");
    expect((uint64_t)psci(PSCI_CPU_ON, cpus[0].mpidr, here, 0), (uint64_t)ALREADY_ON,
           "CPU_ON of the vCPU that calls");
    expect((uint64_t)psci(PSCI_CPU_ON, cpus[1].mpidr, 0x10000, 0), (uint64_t)INVALID_ADDRESS,
           "CPU_ON where no memory is");
    expect((uint64_t)psci(PSCI_AFFINITY_INFO, 0xffff00, 0, 0), (uint64_t)INVALID_PARAMETERS,
           "AFFINITY_INFO of no vCPU");
    expect((uint64_t)psci(PSCI_AFFINITY_INFO, cpus[0].mpidr, 0, 0), PSCI_AFFINITY_ON,
           "AFFINITY_INFO of the vCPU that calls");
    expect((uint64_t)psci(0x8400ffff, 0, 0, 0), (uint64_t)NOT_SUPPORTED, "a function that is none");
}

static void check_reset(void)
{
    off();
    cpus_start(leave_traces);
    cpus_wait_off();
    off();
    for (size_t i = 0; i < NR_RESET; i++)
        expect(found[i] != 0, 1, reset_names[i]);
    cpus_start(look);
    cpus_wait_off();
    for (size_t i = 0; i < NR_RESET; i++)
        expect(found[i], 0, reset_names[i]);
}

int guest_main(void)
{
    gic_irs_init(12);
    gic_lpi_setup(OURS, PRIORITY, this_cpu()->iaffid);
    check_isr();
    check_wfi();
    check_calls();
    check_reset();
    print("signals: %s\n", failures ? "FAIL" : "PASS");
    return failures != 0;
}
