/* SPDX-License-Identifier: BSD-3-Clause */
/* From the assembler's entry to guest_main(), and vCPUs that follow. */
#include "kit.h"

#define POLLS_MAX 100000u
#define SLEEP_TICKS 200u
#define RAM_START 0x40000000u

extern char secondary_start[]; /* start.S */

struct cpu cpus[MAX_CPUS];
uint32_t nr_cpus;

void kit_enter(uint64_t index, const void *fdt);

void wait_for_bits(uint64_t address, uint32_t bits)
{
    for (uint32_t i = 0; i < POLLS_MAX; i++) {
        if ((*(volatile uint32_t *)address & bits) == bits)
            return;
    }
    panic("register %lx: bits %x do not come", address, bits);
}

/* QEMU tells an ELF file nothing; the device tree is at the start of RAM then. */
static const void *find_fdt(const void *told)
{
    return told ? told : (const void *)(uintptr_t)RAM_START;
}

static void boot(const void *fdt)
{
    int status;

    write_register("tpidr_el1", &cpus[0]);
    uart_init();
    fdt_read(find_fdt(fdt));
    if (nr_cpus == 0)
        panic("no cpu in the device tree");
    gic_cpu_init();
    cpus[0].online = true;
    status = guest_main();
    if (status)
        semihosting_exit((uint64_t)status);
    psci(PSCI_SYSTEM_OFF, 0, 0, 0);
}

static void boot_secondary(struct cpu *cpu)
{
    write_register("tpidr_el1", cpu);
    gic_cpu_init();
    store_release(&cpu->online, true);
    cpu->start();
    psci(PSCI_CPU_OFF, 0, 0, 0);
}

void kit_enter(uint64_t index, const void *fdt)
{
    if (index == 0)
        boot(fdt);
    else
        boot_secondary(&cpus[index]);
}

void cpus_start(void (*start)(void))
{
    for (uint32_t i = 1; i < nr_cpus; i++) {
        int64_t status;

        cpus[i].index = i;
        cpus[i].start = start;
        dsb();
        status = psci(PSCI_CPU_ON, cpus[i].mpidr, (uint64_t)secondary_start, i);
        if (status)
            panic("CPU_ON of vCPU %u (MPIDR %lx) returned -%lu", i, cpus[i].mpidr,
                  (uint64_t)-status);
    }
    for (uint32_t i = 1; i < nr_cpus; i++) {
        while (!load_acquire(&cpus[i].online))
            timer_sleep(SLEEP_TICKS);
    }
}

void cpus_wait_off(void)
{
    for (uint32_t i = 1; i < nr_cpus; i++) {
        while (psci(PSCI_AFFINITY_INFO, cpus[i].mpidr, 0, 0) != PSCI_AFFINITY_OFF)
            timer_sleep(SLEEP_TICKS);
    }
}
