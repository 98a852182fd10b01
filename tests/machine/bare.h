/* SPDX-License-Identifier: BSD-3-Clause */
/* One vCPU with RAM and a host that writes down what it is asked for: no machine around it. */
#ifndef TESTS_MACHINE_BARE_H
#define TESTS_MACHINE_BARE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "machine/bus.h"
#include "unicorn/unicorn_engine.h"
#include "vcpu/vcpu.h"

#define RAM MAP_RAM_BASE
#define RAM_SIZE 0x400000u
#define DEVICE 0x08010180u
#define MOST_ACCESSES 64

struct bare_access {
    bool is_write;
    uint64_t address;
    unsigned size;
    uint64_t value;
};

struct bare {
    struct memory ram;
    struct memory_map map;
    struct vcpu_clock clock;
    struct vcpu_engine *engine;
    struct vcpu_host host;
    struct vcpu *vcpu;
    struct bare_access accesses[MOST_ACCESSES];
    size_t nr_accesses;
    struct vcpu_sysreg sysreg; /* the last one */
    enum vcpu_sysreg_result sysreg_result;
    uint64_t sysreg_value;
};

int bare_setup(void **state);
int bare_teardown(void **state);
/* Code at RAM + offset. */
void bare_code(struct bare *bare, uint64_t offset, const uint32_t *code, size_t n);
#define BARE_CODE(bare, offset, ...)                                    \
    do {                                                                \
        const uint32_t code_[] = {__VA_ARGS__};                         \
        bare_code(bare, offset, code_, sizeof(code_) / sizeof(*code_)); \
    } while (0)
/* Run from RAM + offset without limits. */
enum vcpu_exit bare_run(struct bare *bare, uint64_t offset);
/* The value of a register by its name in the table of the state. */
uint64_t bare_register(struct bare *bare, const char *name);
/* Put the state with one register changed. */
void bare_set_register(struct bare *bare, const char *name, uint64_t value);

#define NOP 0xd503201fu
#define WFI 0xd503207fu
#define ISB 0xd5033fdfu
#define ERET 0xd69f03e0u
#define SVC_7 0xd40000e1u
#define HVC_0 0xd4000002u
#define HLT_F000 0xd45e0000u
#define UNALLOCATED 0x00000000u
#define DAIFCLR_2 0xd50342ffu
#define DAIFSET_2 0xd50342dfu
#define BRANCH_TO_ITSELF 0x14000000u
#define BRANCH_BACK_BY_ONE 0x17ffffffu
#define MOVZ_X(n, value) (0xd2800000u | (uint32_t)(value) << 5 | (n))

#endif
