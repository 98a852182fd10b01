/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The save, in the one order that satisfies every generation of the contract (kvm-abi §5). The
 * sentence of each row says why it is there; the engine repeats it when an order is refused.
 */
#include "migration/plan.h"

enum save_step {
    STOP,
    VCPUS,
    NR_IRQS,
    ADDR,
    PEEK_BASER,
    PEEK_CFGR,
    PEEK_PE_SELR,
    PEEK_SPI_SELR,
    WIRES,
    IST,
    MODES,
    IDR0,
    IDR1,
    IDR2,
    IDR5,
    IDR6,
    IDR7,
    IST_CFGR,
    IST_BASER,
    CR1,
    CR0,
    STATUS,
    PES,
    SPIS,
    PE_SELR_BACK,
    SPI_SELR_BACK,
    SYSREGS,
    MEMORY,
    NR_STEPS
};

#define B(step) (UINT64_C(1) << (step))
#define SAVE(step_id, step_name, act, run_it, in, ...) \
    .row = {.id = step_id,                             \
            .name = step_name,                         \
            .direction = VGIC5_SAVE,                   \
            .action = VGIC5_STEP_##act,                \
            .profiles = (in),                          \
            __VA_ARGS__},                              \
    .run = run_it

/* A get of one register of the frame, quiet and without needs but that the VM stands still. */
#define GET_IRS(step_id, reg, why_there)                                               \
    {                                                                                  \
        SAVE(step_id, #reg, GET, save_irs, EVERY, AT_IRS(reg), .what = "the register", \
             .why = why_there),                                                        \
            .needs = {                                                                 \
                B(STOP),                                                               \
                B(STOP)                                                                \
            }                                                                          \
    }

/* clang-format off */
const struct step plan_save[NR_STEPS] = {
    [STOP] = {SAVE("S0", "STOP", VMM, step_vmm, EVERY, NOWHERE,
                   .what = "vCPUs stopped, devices quiet",
                   .why = "a running vCPU makes every other call EBUSY, and a wire that moves "
                          "would be saved half before and half after its event")},
    [VCPUS] = {SAVE("S1a", "VCPUS", PORT, save_vcpus, EVERY, NOWHERE, .what = "the vCPU ids",
                    .why = "an id is the IAFFID that entries point to; no attribute carries it")},
    [NR_IRQS] = {SAVE("S1b", "GRP_NR_IRQS", GET, save_nr_irqs, EVERY, AT_GROUP(NR_IRQS, 0),
                      .what = "the number of SPIs",
                      .why = "it sizes the SPI image, and the target must be given it before "
                             "CTRL_INIT")},
    [ADDR] = {SAVE("S1c", "GRP_ADDR", GET, save_addr, EVERY,
                   AT_GROUP(ADDR, VGIC5_ADDR_TYPE_IRS), .what = "the address of the IRS",
                   .why = "the guest knows it")},
    [PEEK_BASER] = GET_IRS("S2a", IRS_IST_BASER,
                           "whether there is an LPI IST decides what GRP_IST must be offered"),
    [PEEK_CFGR] = GET_IRS("S2b", IRS_IST_CFGR, "its LPI_ID_BITS size the LPI buffer of GRP_IST"),
    [PEEK_PE_SELR] = GET_IRS("S2c", IRS_PE_SELR,
                             "the guest's selection, which the loop over the PEs writes over"),
    [PEEK_SPI_SELR] = GET_IRS("S2d", IRS_SPI_SELR,
                              "the guest's selection, which the loop over the SPIs writes over"),
    [WIRES] = {SAVE("S2e", "SPI_WIRES", PORT, save_wires, EVERY, NOWHERE,
                    .what = "the level of every SPI wire",
                    .why = "no attribute carries it, and a level SPI follows it"),
               .needs = {B(STOP), B(STOP)}},
    [IST] = {SAVE("S3", "GRP_IST", GET, save_ist, EVERY, AT_GROUP(IST, 0),
                  .what = "the SPI entries; the LPI entries (v1: to guest memory)",
                  .why = "it quiesces the VM and writes all interrupt state back; the size of the "
                         "LPI buffer of 7.4 comes from IST_BASER and IST_CFGR"),
             .needs = {B(STOP) | B(NR_IRQS) | B(PEEK_BASER) | B(PEEK_CFGR),
                       B(STOP) | B(NR_IRQS) | B(PEEK_BASER) | B(PEEK_CFGR)}},
    [MODES] = {SAVE("S3b", "SPI_MODES", PORT, save_modes, V7_4, NOWHERE,
                    .what = "trigger and handling modes of the SPIs, compared with the entries",
                    .why = "an entry of 7.4 has one bit for both: what the target will not have is "
                           "told now"),
               .needs = {0, B(STOP) | B(IST) | B(PEEK_SPI_SELR)}},
    [IDR0] = GET_IRS("S4a", IRS_IDR0, "the identity that the guest has read"),
    [IDR1] = GET_IRS("S4b", IRS_IDR1, "the identity that the guest has read"),
    [IDR2] = GET_IRS("S4c", IRS_IDR2, "the identity that the guest has read"),
    [IDR5] = GET_IRS("S4d", IRS_IDR5, "the identity that the guest has read"),
    [IDR6] = GET_IRS("S4e", IRS_IDR6, "the identity that the guest has read"),
    [IDR7] = GET_IRS("S4f", IRS_IDR7, "the identity that the guest has read"),
    [IST_CFGR] = {SAVE("S4g", "IRS_IST_CFGR", GET, save_irs_again, EVERY, AT_IRS(IRS_IST_CFGR),
                       .what = "the register, once more",
                       .why = "a value other than at S2b says that the VM did not stand still"),
                  .needs = {B(PEEK_CFGR) | B(IST), B(PEEK_CFGR) | B(IST)}},
    [IST_BASER] = {SAVE("S4h", "IRS_IST_BASER", GET, save_irs_again, EVERY, AT_IRS(IRS_IST_BASER),
                        .what = "the register, once more",
                        .why = "a value other than at S2a says that the VM did not stand still"),
                   .needs = {B(PEEK_BASER) | B(IST), B(PEEK_BASER) | B(IST)}},
    [CR1] = GET_IRS("S4i", IRS_CR1, "global state"),
    [CR0] = GET_IRS("S4j", IRS_CR0, "global state: IRSEN"),
    [STATUS] = {SAVE("S4k", "STATUSR", GET, save_status, EVERY,
                     .group = VGIC5_GRP_IRS_REGS, .loop = VGIC5_LOOP_STATUS,
                     .what = "status and component identification registers",
                     .why = "for validation only: they are never replayed"),
                .needs = {B(STOP), B(STOP)}},
    [PES] = {SAVE("S5a", "IRS_PE_CR0", GET, save_pes, V1, AT_IRS(IRS_PE_CR0),
                  .loop = VGIC5_LOOP_PES, .what = "PE_CR0 of each PE",
                  .why = "the loop writes PE_SELR, so the guest's selection must have been read; "
                         "7.4 refuses the write once a vCPU has run"),
             .needs = {B(STOP) | B(VCPUS) | B(PEEK_PE_SELR), 0}},
    [SPIS] = {SAVE("S5b", "IRS_SPI_CFGR", GET, save_spis, V1, AT_IRS(IRS_SPI_CFGR),
                   .loop = VGIC5_LOOP_SPIS, .what = "the trigger mode of each SPI",
                   .why = "the loop writes SPI_SELR, so the guest's selection must have been read; "
                          "7.4 refuses the write once a vCPU has run, and carries the mode as HM"),
              .needs = {B(STOP) | B(NR_IRQS) | B(PEEK_SPI_SELR), 0}},
    [PE_SELR_BACK] = {SAVE("S5c", "IRS_PE_SELR", SET, save_selector_back, V1, AT_IRS(IRS_PE_SELR),
                           .what = "the guest's selection, back",
                           .why = "the loop over the PEs has moved it, and the source may go on"),
                      .needs = {B(PEEK_PE_SELR) | B(PES), 0}},
    [SPI_SELR_BACK] = {SAVE("S5d", "IRS_SPI_SELR", SET, save_selector_back, V1,
                            AT_IRS(IRS_SPI_SELR), .what = "the guest's selection, back",
                            .why = "the loop over the SPIs has moved it: a guest stopped between "
                                   "SELR and CFGR would configure the wrong SPI"),
                       .needs = {B(PEEK_SPI_SELR) | B(SPIS), 0}},
    [SYSREGS] = {SAVE("S6", "GRP_CPU_SYSREGS", GET, save_sysregs, EVERY,
                      .group = VGIC5_GRP_CPU_SYSREGS, .loop = VGIC5_LOOP_SYSREGS,
                      .what = "the 26 registers of each CPU interface",
                      .why = "PPIs, active priorities and masks live there"),
                 .needs = {B(STOP) | B(VCPUS), B(STOP) | B(VCPUS)}},
    [MEMORY] = {SAVE("S7", "MEMORY", VMM, step_vmm, EVERY, NOWHERE, .what = "guest memory",
                     .why = "last: under v1 the LPI entries are written to it during S3"),
                .needs = {B(STOP) | B(IST), B(STOP)}},
};
/* clang-format on */
const size_t plan_save_length = NR_STEPS;
