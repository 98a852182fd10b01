/* SPDX-License-Identifier: BSD-3-Clause */
/* One vCPU: system registers, barriers, the interrupt mask, who we are. */
#ifndef KIT_CPU_H
#define KIT_CPU_H

#include <stdbool.h>
#include <stdint.h>

#include "layout.h"

#define read_register(name)                                            \
    ({                                                                 \
        uint64_t value_;                                               \
        __asm__ volatile("mrs %0, " name : "=r"(value_) : : "memory"); \
        value_;                                                        \
    })

#define write_register(name, value) \
    __asm__ volatile("msr " name ", %x0" : : "rZ"((uint64_t)(value)) : "memory")

static inline void isb(void)
{
    __asm__ volatile("isb" : : : "memory");
}

static inline void dsb(void)
{
    __asm__ volatile("dsb sy" : : : "memory");
}

static inline void wfi(void)
{
    __asm__ volatile("dsb sy\n\twfi" : : : "memory");
}

static inline void irq_unmask(void)
{
    __asm__ volatile("msr daifclr, #2\n\tisb" : : : "memory");
}

static inline void irq_mask(void)
{
    __asm__ volatile("msr daifset, #2" : : : "memory");
}

/* Masks, and returns what irq_restore() needs. */
static inline uint64_t irq_save(void)
{
    uint64_t daif = read_register("daif");

    irq_mask();
    return daif;
}

static inline void irq_restore(uint64_t daif)
{
    write_register("daif", daif);
}

struct cpu {
    uint32_t index;  /* 0 is the one that boots */
    uint32_t iaffid; /* ICC_IAFFIDR_EL1 */
    uint64_t mpidr;  /* affinity fields, as in the device tree */
    void (*start)(void);
    bool online;       /* its CPU interface is set up */
    bool fault_wanted; /* see exception.h */
    uint64_t fault_esr;
    uint64_t fault_far;
    uint64_t spurious; /* CDIA returned nothing */
};

extern struct cpu cpus[MAX_CPUS];
extern uint32_t nr_cpus; /* those that the device tree lists, at most MAX_CPUS */

static inline struct cpu *this_cpu(void)
{
    return (struct cpu *)read_register("tpidr_el1");
}

/* Start every other vCPU at `start` and wait until their CPU interfaces are set up. */
void cpus_start(void (*start)(void));
/* Wait until every other vCPU is off again: their functions have returned. */
void cpus_wait_off(void);

#endif
