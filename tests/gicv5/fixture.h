/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of the rules share: a machine per test and the guest's actions in few letters. */
#ifndef TESTS_GICV5_FIXTURE_H
#define TESTS_GICV5_FIXTURE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "host.h"

#define PPI(id) VGIC5_INTID(VGIC5_PPI, id)
#define LPI(id) VGIC5_INTID(VGIC5_LPI, id)
#define SPI(id) VGIC5_INTID(VGIC5_SPI, id)
#define TAKEN(intid) (VGIC5_CDIA_VALID | (intid)) /* what CDIA returns for it */

/* Places in guest memory. */
#define TABLE VMM_RAM_BASE /* linear, or level 1 */
#define L2_TABLE(n) (VMM_RAM_BASE + 0x40000 + (uint64_t)(n)*0x10000)

/* ICC_ICSR_EL1 after CDRCFG */
#define ICSR_F VGIC5_ICC_ICSR_F
#define ICSR_ENABLED VGIC5_ICC_ICSR_ENABLED
#define ICSR_PENDING VGIC5_ICC_ICSR_PENDING
#define ICSR_ACTIVE VGIC5_ICC_ICSR_ACTIVE
#define ICSR_HM VGIC5_ICC_ICSR_HM
#define ICSR_PRIORITY(p) VGIC5_FIELD(ICC_ICSR_PRIORITY, p)
#define ICSR_IAFFID(id) VGIC5_FIELD(ICC_ICSR_IAFFID, id)

/* A table entry */
#define ISTE_PENDING VGIC5_ISTE_PENDING
#define ISTE_ACTIVE VGIC5_ISTE_ACTIVE
#define ISTE_HM VGIC5_ISTE_HM
#define ISTE_ENABLE VGIC5_ISTE_ENABLE
#define ISTE_IRM VGIC5_ISTE_IRM
#define ISTE_HWU VGIC5_ISTE_HWU
#define ISTE_PRIORITY(p) ((uint32_t)VGIC5_FIELD(ISTE_PRIORITY, p))
#define ISTE_IAFFID(id) ((uint32_t)VGIC5_FIELD(ISTE_IAFFID, id))

/* IST_CFGR */
#define CFGR_L2SZ(n) ((uint32_t)VGIC5_FIELD(IRS_IST_CFGR_L2SZ, n))
#define CFGR_ISTSZ(n) ((uint32_t)VGIC5_FIELD(IRS_IST_CFGR_ISTSZ, n))
#define CFGR_TWO_LEVEL VGIC5_IRS_IST_CFGR_STRUCTURE

/* fixture.c: setups. *state is a struct vmm. */
int setup_one_pe(void **state);
int setup_two_pes(void **state);
int setup_two_level(void **state); /* 2 PEs, every L2SZ, up to 24 id bits */
int teardown(void **state);
void build(struct vmm *m, const struct vmm_shape *options);

#define TEST_1PE(name) cmocka_unit_test_setup_teardown(name, setup_one_pe, teardown)
#define TEST_2PE(name) cmocka_unit_test_setup_teardown(name, setup_two_pes, teardown)
#define TEST_2LV(name) cmocka_unit_test_setup_teardown(name, setup_two_level, teardown)

/* MMIO */
uint64_t mmio_read(struct vmm *m, uint64_t offset, uint8_t size);
void mmio_write(struct vmm *m, uint64_t offset, uint8_t size, uint64_t value);
uint32_t r32(struct vmm *m, uint32_t offset);
void w32(struct vmm *m, uint32_t offset, uint32_t value);
uint64_t r64(struct vmm *m, uint32_t offset);
void w64(struct vmm *m, uint32_t offset, uint64_t value);
void select_spi(struct vmm *m, uint32_t spi);
void set_trigger_mode(struct vmm *m, uint32_t spi, uint32_t tm);

/* Registers and instructions of PE number `pe`; must be handled. */
uint64_t mrs(struct vmm *m, uint32_t pe, uint32_t encoding);
void msr(struct vmm *m, uint32_t pe, uint32_t encoding, uint64_t value);
enum vgic5_access_result try_access(struct vmm *m, uint32_t encoding, bool is_write);
uint64_t cdia(struct vmm *m, uint32_t pe);
uint64_t cdnmia(struct vmm *m, uint32_t pe);
void cdeoi(struct vmm *m, uint32_t pe);
void cddi(struct vmm *m, uint32_t pe, uint32_t intid);
/* These act on the current domain, from PE 0. */
void cden(struct vmm *m, uint32_t intid);
void cddis(struct vmm *m, uint32_t intid);
void cdpri(struct vmm *m, uint32_t intid, uint32_t priority);
void cdaff(struct vmm *m, uint32_t intid, uint32_t iaffid);
void cdpend(struct vmm *m, uint32_t intid, uint32_t pending);
void cdhm(struct vmm *m, uint32_t intid, uint32_t hm);
uint64_t cdrcfg(struct vmm *m, uint32_t intid); /* the ICSR after it */
bool is_pending(struct vmm *m, uint32_t intid);
bool is_active(struct vmm *m, uint32_t intid);

/* Wires */
void spi_wire(struct vmm *m, uint32_t spi, bool level);
void ppi_wire(struct vmm *m, uint32_t pe, uint32_t ppi, bool level);
bool irq(struct vmm *m, uint32_t pe); /* is the line of this PE up at all */

/* Priority, target (an IAFFID), and enabled. */
void route(struct vmm *m, uint32_t intid, uint32_t priority, uint32_t iaffid);
void set_ppi_priority(struct vmm *m, uint32_t pe, uint32_t ppi, uint32_t priority);

/* IRSEN, and on every PE: EN, PCR 31, all PPIs enabled at priority 16. */
void start(struct vmm *m);

/* Tables. */
void store32(struct vmm *m, uint64_t ipa, uint32_t value);
void store64(struct vmm *m, uint64_t ipa, uint64_t value);
uint32_t load32(struct vmm *m, uint64_t ipa);
uint64_t load64(struct vmm *m, uint64_t ipa);
bool make_valid(struct vmm *m, uint32_t cfgr, uint64_t base); /* whether it became so */
void linear_table(struct vmm *m, uint32_t lpi_id_bits);
void map_l2(struct vmm *m, uint64_t l1_entry, uint64_t l2, uint32_t lpi);
void flush(struct vmm *m); /* GRP_IST get: entries are in guest memory now */
uint32_t flushed_entry(struct vmm *m, uint64_t ipa); /* its state bits, after a flush */

#endif
