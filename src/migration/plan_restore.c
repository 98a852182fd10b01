/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The restore, in the one order that satisfies every generation of the contract (kvm-abi §5). The
 * sentence of each row says why it is there; the engine repeats it when an order is refused.
 */
#include "migration/plan.h"

enum restore_step {
    VCPUS,
    MEMORY,
    ADDR,
    NR_IRQS,
    INIT,
    IDR0,
    IDR1,
    IDR2,
    IDR5,
    IDR6,
    IDR7,
    IST_CFGR,
    IST_BASER,
    WIRES,
    IST,
    CR1,
    PES,
    SPIS,
    PE_SELR,
    SPI_SELR,
    CR0,
    SYSREGS,
    LINES,
    STATUS,
    READ_BACK,
    RUN,
    NR_STEPS
};

#define B(step) (UINT64_C(1) << (step))
#define RESTORE(step_id, step_name, act, run_it, in, ...) \
    .row = {.id = step_id,                                \
            .name = step_name,                            \
            .direction = VGIC5_RESTORE,                   \
            .action = VGIC5_STEP_##act,                   \
            .profiles = (in),                             \
            __VA_ARGS__},                                 \
    .run = run_it

/* IRS_REGS before CTRL_INIT is EBUSY, and before ADDR is ENXIO. */
#define REACH (B(INIT) | B(ADDR))
#define IDENTITY (B(IDR0) | B(IDR1) | B(IDR2) | B(IDR5) | B(IDR6) | B(IDR7))
/* Those of them that a device adopts, until an LPI IST exists. */
#define ADOPTED (B(IDR0) | B(IDR1) | B(IDR2))
#define LOOPS (B(PES) | B(SPIS))
/* All that gives a device other state than CTRL_INIT: what a step that reads back would miss. */
#define STATE \
    (ADOPTED | B(IST_CFGR) | B(IST_BASER) | B(IST) | B(CR1) | B(PE_SELR) | B(SPI_SELR) | B(CR0))
/* All of the frame but CR0. */
#define FRAME \
    (REACH | IDENTITY | B(IST_CFGR) | B(IST_BASER) | B(IST) | B(CR1) | B(PE_SELR) | B(SPI_SELR))

/* Those that not every port has a use for. */
#define PORTS (B(LINES) | B(READ_BACK))

#define SET_IRS(step_id, reg, needs_v1, needs_7_4, why_there)                                \
    {                                                                                        \
        RESTORE(step_id, #reg, SET, restore_irs, EVERY, AT_IRS(reg), .what = "the register", \
                .why = why_there),                                                           \
            .needs = {                                                                       \
                REACH | (needs_v1),                                                          \
                REACH | (needs_7_4)                                                          \
            }                                                                                \
    }

/* clang-format off */
const struct step plan_restore[NR_STEPS] = {
    [VCPUS] = {RESTORE("R1a", "VCPUS", PORT, restore_vcpus, EVERY, NOWHERE,
                       .what = "vCPUs with the ids of the source",
                       .why = "an id is the IAFFID that entries point to, and CTRL_INIT takes the "
                              "vCPUs that are there")},
    [MEMORY] = {RESTORE("R1b", "MEMORY", VMM, step_vmm, EVERY, NOWHERE, .what = "guest memory",
                        .why = "under v1 GRP_IST takes the LPI entries from it")},
    [ADDR] = {RESTORE("R2", "GRP_ADDR", SET, restore_addr, EVERY,
                      AT_GROUP(ADDR, VGIC5_ADDR_TYPE_IRS), .what = "the address of the IRS",
                      .why = "without it GRP_IRS_REGS answers ENXIO, and so does the first run")},
    [NR_IRQS] = {RESTORE("R3", "GRP_NR_IRQS", SET, restore_nr_irqs, EVERY, AT_GROUP(NR_IRQS, 0),
                         .what = "the number of SPIs",
                         .why = "CTRL_INIT fixes it: without it a source with more than 32 SPIs is "
                                "refused at IDR5")},
    [INIT] = {RESTORE("R4", "CTRL_INIT", SET, restore_init, EVERY,
                      AT_GROUP(CTRL, VGIC5_CTRL_INIT), .what = "the IRS and its CPU interfaces",
                      .why = "it needs the vCPUs (ENODEV without) and fixes the number of SPIs (32 "
                             "if nothing was said)"),
              .needs = {B(VCPUS) | B(NR_IRQS), B(VCPUS) | B(NR_IRQS)}},
    [IDR0] = SET_IRS("R5a", IRS_IDR0, 0, 0, "the target adopts what the guest has read"),
    [IDR1] = SET_IRS("R5b", IRS_IDR1, 0, 0, "the target adopts what the guest has read"),
    [IDR2] = SET_IRS("R5c", IRS_IDR2, 0, 0, "the target adopts what the guest has read"),
    [IDR5] = SET_IRS("R5d", IRS_IDR5, 0, 0, "the number of SPIs, compared"),
    [IDR6] = SET_IRS("R5e", IRS_IDR6, 0, 0, "the number of SPIs, compared"),
    [IDR7] = SET_IRS("R5f", IRS_IDR7, 0, 0, "the first SPI, compared"),
    [IST_CFGR] = SET_IRS("R6", IRS_IST_CFGR, 0, 0,
                         "under v1 the set of IST_BASER creates the table that this describes"),
    [IST_BASER] = SET_IRS("R7", IRS_IST_BASER, ADOPTED | B(IST_CFGR), 0,
                          "under v1 it creates the LPI IST, which IST_CFGR describes and IDR2 must "
                          "allow, and from then on the identity is frozen"),
    [WIRES] = {RESTORE("R8a", "SPI_WIRES", PORT, restore_wires, EVERY, NOWHERE,
                       .what = "the level of every SPI wire",
                       .why = "before GRP_IST, so that the entries have the last word on Pending "
                              "and HM even where a level makes an event; ours makes none"),
               .needs = {B(INIT), B(INIT)}},
    [IST] = {RESTORE("R8b", "GRP_IST", SET, restore_ist, EVERY, AT_GROUP(IST, 0),
                     .what = "the SPI entries; the LPI entries (v1: from guest memory)",
                     .why = "IST_BASER and IST_CFGR say where and how many the LPIs are; under 7.4 "
                            "it creates the LPI IST, and from then on the identity is frozen"),
             .needs = {B(INIT) | B(MEMORY) | B(IST_CFGR) | B(IST_BASER),
                       B(INIT) | ADOPTED | B(IST_CFGR) | B(IST_BASER)}},
    [CR1] = SET_IRS("R9a", IRS_CR1, 0, 0, "global state"),
    [PES] = {RESTORE("R9b", "IRS_PE_CR0", SET, restore_pes, V1, AT_IRS(IRS_PE_CR0),
                     .loop = VGIC5_LOOP_PES, .what = "PE_CR0 of each PE",
                     .why = "it writes PE_SELR for each PE"),
             .needs = {REACH | B(VCPUS), 0}},
    [SPIS] = {RESTORE("R9c", "IRS_SPI_CFGR", SET, restore_spis, V1, AT_IRS(IRS_SPI_CFGR),
                      .loop = VGIC5_LOOP_SPIS, .what = "the trigger mode of each SPI",
                      .why = "it writes SPI_SELR for each SPI; entries have no TM bit"),
              .needs = {REACH, 0}},
    [PE_SELR] = SET_IRS("R9d", IRS_PE_SELR, B(PES), 0,
                        "the guest's selection, after the loop that writes over it"),
    [SPI_SELR] = SET_IRS("R9e", IRS_SPI_SELR, B(SPIS), 0,
                         "the guest's selection, after the loop that writes over it"),
    [CR0] = SET_IRS("R9f", IRS_CR0, 0, 0,
                    "IRSEN: last of the frame, so that nothing is forwarded on the way; no vCPU "
                    "looks before R11, so another place is as good"),
    [SYSREGS] = {RESTORE("R10a", "GRP_CPU_SYSREGS", SET, restore_sysregs, EVERY,
                         .group = VGIC5_GRP_CPU_SYSREGS, .loop = VGIC5_LOOP_SYSREGS,
                         .what = "the 26 registers of each CPU interface",
                         .why = "the interfaces exist from CTRL_INIT on"),
                 .needs = {B(VCPUS) | B(INIT), B(VCPUS) | B(INIT)}},
    [LINES] = {RESTORE("R10b", "SPI_LINES", PORT, restore_lines, EVERY, NOWHERE,
                       .what = "the high lines of level SPIs, where the port cannot set R8a's "
                               "levels",
                       .why = "the device believes that every line is low; a line that is low "
                              "stays so, since Pending over it is a guest's CDPEND, and an edge "
                              "SPI's raise is one more interrupt"),
               .needs = {B(INIT) | B(IST) | B(SPIS), B(INIT) | B(IST)},
               .applies = restore_lines_applies},
    [STATUS] = {RESTORE("R10c", "STATUSR", GET, restore_status, EVERY,
                        .group = VGIC5_GRP_IRS_REGS, .loop = VGIC5_LOOP_STATUS,
                        .what = "status and component identification registers, compared",
                        .why = "every transition must have ended; they are never replayed"),
                .needs = {REACH, REACH}},
    [READ_BACK] = {RESTORE("R10d", "READ_BACK", GET, restore_read_back, EVERY, NOWHERE,
                           .what = "all of it once more, compared, where the port asks for it",
                           .why = "a device may accept a set and ignore it: before the first run "
                                  "that stops the restore, and nothing is lost"),
                   .needs = {REACH | STATE | B(SPIS) | B(WIRES) | B(SYSREGS) | B(LINES),
                             REACH | STATE | B(WIRES) | B(SYSREGS) | B(LINES)},
                   .applies = restore_read_back_applies},
    [RUN] = {RESTORE("R11", "RUN", VMM, step_vmm, EVERY, NOWHERE, .what = "the vCPUs run",
                     .why = "last: from the first run on GRP_IST is EBUSY, and under 7.4 every "
                            "register"),
             .needs = {FRAME | LOOPS | B(CR0) | B(MEMORY) | B(WIRES) | B(SYSREGS) | PORTS,
                       FRAME | B(CR0) | B(MEMORY) | B(WIRES) | B(SYSREGS) | PORTS}},
};
/* clang-format on */
const size_t plan_restore_length = NR_STEPS;
