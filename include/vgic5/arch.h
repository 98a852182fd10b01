/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names of the architecture (Arm IHI 111701, GICv5, at EL1): GIC instructions, system registers,
 * the registers of IRS_CONFIG_FRAME, and entries of the Interrupt State Table.
 *
 * VGIC5_CDEN, VGIC5_ICC_CR0   encodings, for vgic5_cpu_access
 * VGIC5_IRS_CR0               offset in the frame, for vgic5_mmio and the attr of GRP_IRS_REGS
 * VGIC5_ISTE_PRIORITY         the bits of a field, in place; of one bit: the flag
 * VGIC5_ISTE_PRIORITY_SHIFT   its lowest bit
 *
 * VGIC5_FIELD(ISTE_PRIORITY, 5) is 5 in its place, and VGIC5_FIELD_GET(ISTE_PRIORITY, word) the
 * field's value in `word`.
 *
 * Made from the library's own tables by doc/arch-header.c.
 */
#ifndef VGIC5_ARCH_H
#define VGIC5_ARCH_H

#include <stdint.h>

/* clang-format off */

/* Op0[15:14] Op1[13:11] CRn[10:7] CRm[6:3] Op2[2:0], for registers (Op0 = 3) and for GIC
 * instructions (Op0 = 1) alike. */
#define VGIC5_ENCODING(op0, op1, crn, crm, op2) \
    ((((op0) << 14) | ((op1) << 11) | ((crn) << 7) | ((crm) << 3) | (op2)))

#define VGIC5_FIELD(field, value) \
    ((uint64_t)(value) << VGIC5_##field##_SHIFT & (uint64_t)VGIC5_##field)
#define VGIC5_FIELD_GET(field, word) \
    (((uint64_t)(word) & (uint64_t)VGIC5_##field) >> VGIC5_##field##_SHIFT)

/* ---- GIC instructions. Xt has TYPE[31:29] ID[23:0] and the fields that follow */

#define VGIC5_GSB_SYS                          VGIC5_ENCODING(1, 0, 12, 0, 0) /* SYS, no Xt */
#define VGIC5_GSB_ACK                          VGIC5_ENCODING(1, 0, 12, 0, 1) /* SYS, no Xt */
#define VGIC5_CDDIS                            VGIC5_ENCODING(1, 0, 12, 1, 0) /* SYS */
#define VGIC5_CDEN                             VGIC5_ENCODING(1, 0, 12, 1, 1) /* SYS */
#define VGIC5_CDPRI                            VGIC5_ENCODING(1, 0, 12, 1, 2) /* SYS */
#define VGIC5_CDPRI_PRIORITY                   UINT64_C(0xf800000000)
#define VGIC5_CDPRI_PRIORITY_SHIFT             35
#define VGIC5_CDAFF                            VGIC5_ENCODING(1, 0, 12, 1, 3) /* SYS */
#define VGIC5_CDAFF_IAFFID                     UINT64_C(0xffff00000000)
#define VGIC5_CDAFF_IAFFID_SHIFT               32
#define VGIC5_CDAFF_IRM                        UINT64_C(0x10000000)
#define VGIC5_CDAFF_IRM_SHIFT                  28
#define VGIC5_CDPEND                           VGIC5_ENCODING(1, 0, 12, 1, 4) /* SYS */
#define VGIC5_CDPEND_PENDING                   UINT64_C(0x100000000)
#define VGIC5_CDPEND_PENDING_SHIFT             32
#define VGIC5_CDRCFG                           VGIC5_ENCODING(1, 0, 12, 1, 5) /* SYS */
#define VGIC5_CDEOI                            VGIC5_ENCODING(1, 0, 12, 1, 7) /* SYS, no Xt */
#define VGIC5_CDDI                             VGIC5_ENCODING(1, 0, 12, 2, 0) /* SYS */
#define VGIC5_CDHM                             VGIC5_ENCODING(1, 0, 12, 2, 1) /* SYS */
#define VGIC5_CDHM_HM                          UINT64_C(0x100000000)
#define VGIC5_CDHM_HM_SHIFT                    32
#define VGIC5_CDIA                             VGIC5_ENCODING(1, 0, 12, 3, 0) /* SYSL */
#define VGIC5_CDIA_VALID                       UINT64_C(0x100000000)
#define VGIC5_CDIA_VALID_SHIFT                 32
#define VGIC5_CDNMIA                           VGIC5_ENCODING(1, 0, 12, 3, 1) /* SYSL */

/* ---- System registers, at EL1 */

#define VGIC5_ICC_PPI_HMR(n)                 (VGIC5_ENCODING(3, 0, 12, 10, 0) + (n)) /* 0..1, RO */
#define VGIC5_ICC_IDR0                         VGIC5_ENCODING(3, 0, 12, 10, 2) /* RO */
#define VGIC5_ICC_IDR0_ID_BITS                 UINT64_C(0xf)
#define VGIC5_ICC_IDR0_ID_BITS_SHIFT           0
#define VGIC5_ICC_IDR0_PRI_BITS                UINT64_C(0xf0)
#define VGIC5_ICC_IDR0_PRI_BITS_SHIFT          4
#define VGIC5_ICC_IDR0_GCIE_LEGACY             UINT64_C(0xf00)
#define VGIC5_ICC_IDR0_GCIE_LEGACY_SHIFT       8
#define VGIC5_ICC_HPPIR                        VGIC5_ENCODING(3, 0, 12, 10, 3) /* RO */
#define VGIC5_ICC_HPPIR_ID                     UINT64_C(0xffffff)
#define VGIC5_ICC_HPPIR_ID_SHIFT               0
#define VGIC5_ICC_HPPIR_TYPE                   UINT64_C(0xe0000000)
#define VGIC5_ICC_HPPIR_TYPE_SHIFT             29
#define VGIC5_ICC_HPPIR_HPPIV                  UINT64_C(0x100000000)
#define VGIC5_ICC_HPPIR_HPPIV_SHIFT            32
#define VGIC5_ICC_ICSR                         VGIC5_ENCODING(3, 0, 12, 10, 4) /* RW */
#define VGIC5_ICC_ICSR_F                       UINT64_C(0x1)
#define VGIC5_ICC_ICSR_F_SHIFT                 0
#define VGIC5_ICC_ICSR_ENABLED                 UINT64_C(0x2)
#define VGIC5_ICC_ICSR_ENABLED_SHIFT           1
#define VGIC5_ICC_ICSR_PENDING                 UINT64_C(0x4)
#define VGIC5_ICC_ICSR_PENDING_SHIFT           2
#define VGIC5_ICC_ICSR_IRM                     UINT64_C(0x8)
#define VGIC5_ICC_ICSR_IRM_SHIFT               3
#define VGIC5_ICC_ICSR_ACTIVE                  UINT64_C(0x10)
#define VGIC5_ICC_ICSR_ACTIVE_SHIFT            4
#define VGIC5_ICC_ICSR_HM                      UINT64_C(0x20)
#define VGIC5_ICC_ICSR_HM_SHIFT                5
#define VGIC5_ICC_ICSR_PRIORITY                UINT64_C(0xf800)
#define VGIC5_ICC_ICSR_PRIORITY_SHIFT          11
#define VGIC5_ICC_ICSR_IAFFID                  UINT64_C(0xffff00000000)
#define VGIC5_ICC_ICSR_IAFFID_SHIFT            32
#define VGIC5_ICC_IAFFIDR                      VGIC5_ENCODING(3, 0, 12, 10, 5) /* RO */
#define VGIC5_ICC_IAFFIDR_IAFFID               UINT64_C(0xffff)
#define VGIC5_ICC_IAFFIDR_IAFFID_SHIFT         0
#define VGIC5_ICC_PPI_ENABLER(n)             (VGIC5_ENCODING(3, 0, 12, 10, 6) + (n)) /* 0..1, RW */
#define VGIC5_ICC_PPI_CACTIVER(n)            (VGIC5_ENCODING(3, 0, 12, 13, 0) + (n)) /* 0..1, RW */
#define VGIC5_ICC_PPI_SACTIVER(n)            (VGIC5_ENCODING(3, 0, 12, 13, 2) + (n)) /* 0..1, RW */
#define VGIC5_ICC_PPI_CPENDR(n)              (VGIC5_ENCODING(3, 0, 12, 13, 4) + (n)) /* 0..1, RW */
#define VGIC5_ICC_PPI_SPENDR(n)              (VGIC5_ENCODING(3, 0, 12, 13, 6) + (n)) /* 0..1, RW */
#define VGIC5_ICC_PPI_PRIORITYR(n)           (VGIC5_ENCODING(3, 0, 12, 14, 0) + (n)) /* 0..15, RW */
#define VGIC5_ICC_APR                          VGIC5_ENCODING(3, 1, 12, 0, 0) /* RW */
#define VGIC5_ICC_APR_P                        UINT64_C(0xffffffff)
#define VGIC5_ICC_APR_P_SHIFT                  0
#define VGIC5_ICC_CR0                          VGIC5_ENCODING(3, 1, 12, 0, 1) /* RW */
#define VGIC5_ICC_CR0_EN                       UINT64_C(0x1)
#define VGIC5_ICC_CR0_EN_SHIFT                 0
#define VGIC5_ICC_CR0_LINK                     UINT64_C(0x2)
#define VGIC5_ICC_CR0_LINK_SHIFT               1
#define VGIC5_ICC_CR0_LINK_IDLE                UINT64_C(0x4)
#define VGIC5_ICC_CR0_LINK_IDLE_SHIFT          2
#define VGIC5_ICC_PCR                          VGIC5_ENCODING(3, 1, 12, 0, 2) /* RW */
#define VGIC5_ICC_PCR_PRIORITY                 UINT64_C(0x1f)
#define VGIC5_ICC_PCR_PRIORITY_SHIFT           0

/* ---- IRS_CONFIG_FRAME; registers of 64 bits are marked */

#define VGIC5_IRS_IDR0                         0x0000u
#define VGIC5_IRS_IDR0_INT_DOM                 0x3u
#define VGIC5_IRS_IDR0_INT_DOM_SHIFT           0
#define VGIC5_IRS_IDR0_PA_RANGE                0x3cu
#define VGIC5_IRS_IDR0_PA_RANGE_SHIFT          2
#define VGIC5_IRS_IDR0_VIRT                    0x40u
#define VGIC5_IRS_IDR0_VIRT_SHIFT              6
#define VGIC5_IRS_IDR0_ONE_N                   0x80u
#define VGIC5_IRS_IDR0_ONE_N_SHIFT             7
#define VGIC5_IRS_IDR0_VIRT_ONE_N              0x100u
#define VGIC5_IRS_IDR0_VIRT_ONE_N_SHIFT        8
#define VGIC5_IRS_IDR0_SETLPI                  0x200u
#define VGIC5_IRS_IDR0_SETLPI_SHIFT            9
#define VGIC5_IRS_IDR0_MEC                     0x400u
#define VGIC5_IRS_IDR0_MEC_SHIFT               10
#define VGIC5_IRS_IDR0_MPAM                    0x800u
#define VGIC5_IRS_IDR0_MPAM_SHIFT              11
#define VGIC5_IRS_IDR0_SWE                     0x1000u
#define VGIC5_IRS_IDR0_SWE_SHIFT               12
#define VGIC5_IRS_IDR0_MPAM2                   0x2000u
#define VGIC5_IRS_IDR0_MPAM2_SHIFT             13
#define VGIC5_IRS_IDR0_IRSID                   0xffff0000u
#define VGIC5_IRS_IDR0_IRSID_SHIFT             16
#define VGIC5_IRS_IDR1                         0x0004u
#define VGIC5_IRS_IDR1_PE_CNT                  0xffffu
#define VGIC5_IRS_IDR1_PE_CNT_SHIFT            0
#define VGIC5_IRS_IDR1_IAFFID_BITS             0xf0000u
#define VGIC5_IRS_IDR1_IAFFID_BITS_SHIFT       16
#define VGIC5_IRS_IDR1_PRI_BITS                0x700000u
#define VGIC5_IRS_IDR1_PRI_BITS_SHIFT          20
#define VGIC5_IRS_IDR2                         0x0008u
#define VGIC5_IRS_IDR2_ID_BITS                 0x1fu
#define VGIC5_IRS_IDR2_ID_BITS_SHIFT           0
#define VGIC5_IRS_IDR2_LPI                     0x20u
#define VGIC5_IRS_IDR2_LPI_SHIFT               5
#define VGIC5_IRS_IDR2_MIN_LPI_ID_BITS         0x3c0u
#define VGIC5_IRS_IDR2_MIN_LPI_ID_BITS_SHIFT   6
#define VGIC5_IRS_IDR2_IST_LEVELS              0x400u
#define VGIC5_IRS_IDR2_IST_LEVELS_SHIFT        10
#define VGIC5_IRS_IDR2_IST_L2SZ                0x3800u
#define VGIC5_IRS_IDR2_IST_L2SZ_SHIFT          11
#define VGIC5_IRS_IDR2_ISTMD                   0x4000u
#define VGIC5_IRS_IDR2_ISTMD_SHIFT             14
#define VGIC5_IRS_IDR2_ISTMD_SZ                0xf8000u
#define VGIC5_IRS_IDR2_ISTMD_SZ_SHIFT          15
#define VGIC5_IRS_IDR3                         0x000cu
#define VGIC5_IRS_IDR4                         0x0010u
#define VGIC5_IRS_IDR5                         0x0014u
#define VGIC5_IRS_IDR5_SPI_RANGE               0x1ffffffu
#define VGIC5_IRS_IDR5_SPI_RANGE_SHIFT         0
#define VGIC5_IRS_IDR6                         0x0018u
#define VGIC5_IRS_IDR6_SPI_IRS_RANGE           0x1ffffffu
#define VGIC5_IRS_IDR6_SPI_IRS_RANGE_SHIFT     0
#define VGIC5_IRS_IDR7                         0x001cu
#define VGIC5_IRS_IDR7_SPI_BASE                0xffffffu
#define VGIC5_IRS_IDR7_SPI_BASE_SHIFT          0
#define VGIC5_IRS_IIDR                         0x0040u
#define VGIC5_IRS_IIDR_IMPLEMENTER             0xfffu
#define VGIC5_IRS_IIDR_IMPLEMENTER_SHIFT       0
#define VGIC5_IRS_IIDR_REVISION                0xf000u
#define VGIC5_IRS_IIDR_REVISION_SHIFT          12
#define VGIC5_IRS_IIDR_VARIANT                 0xf0000u
#define VGIC5_IRS_IIDR_VARIANT_SHIFT           16
#define VGIC5_IRS_IIDR_PRODUCT_ID              0xfff00000u
#define VGIC5_IRS_IIDR_PRODUCT_ID_SHIFT        20
#define VGIC5_IRS_AIDR                         0x0044u
#define VGIC5_IRS_AIDR_ARCH_MINOR_REV          0xfu
#define VGIC5_IRS_AIDR_ARCH_MINOR_REV_SHIFT    0
#define VGIC5_IRS_AIDR_ARCH_MAJOR_REV          0xf0u
#define VGIC5_IRS_AIDR_ARCH_MAJOR_REV_SHIFT    4
#define VGIC5_IRS_AIDR_COMPONENT               0xf00u
#define VGIC5_IRS_AIDR_COMPONENT_SHIFT         8
#define VGIC5_IRS_CR0                          0x0080u
#define VGIC5_IRS_CR0_IRSEN                    0x1u
#define VGIC5_IRS_CR0_IRSEN_SHIFT              0
#define VGIC5_IRS_CR0_IDLE                     0x2u
#define VGIC5_IRS_CR0_IDLE_SHIFT               1
#define VGIC5_IRS_CR1                          0x0084u
#define VGIC5_IRS_CR1_SH                       0x3u
#define VGIC5_IRS_CR1_SH_SHIFT                 0
#define VGIC5_IRS_CR1_OC                       0xcu
#define VGIC5_IRS_CR1_OC_SHIFT                 2
#define VGIC5_IRS_CR1_IC                       0x30u
#define VGIC5_IRS_CR1_IC_SHIFT                 4
#define VGIC5_IRS_CR1_IST_RA                   0x40u
#define VGIC5_IRS_CR1_IST_RA_SHIFT             6
#define VGIC5_IRS_CR1_IST_WA                   0x80u
#define VGIC5_IRS_CR1_IST_WA_SHIFT             7
#define VGIC5_IRS_CR1_VMT_RA                   0x100u
#define VGIC5_IRS_CR1_VMT_RA_SHIFT             8
#define VGIC5_IRS_CR1_VMT_WA                   0x200u
#define VGIC5_IRS_CR1_VMT_WA_SHIFT             9
#define VGIC5_IRS_CR1_VPET_RA                  0x400u
#define VGIC5_IRS_CR1_VPET_RA_SHIFT            10
#define VGIC5_IRS_CR1_VPET_WA                  0x800u
#define VGIC5_IRS_CR1_VPET_WA_SHIFT            11
#define VGIC5_IRS_CR1_VMD_RA                   0x1000u
#define VGIC5_IRS_CR1_VMD_RA_SHIFT             12
#define VGIC5_IRS_CR1_VMD_WA                   0x2000u
#define VGIC5_IRS_CR1_VMD_WA_SHIFT             13
#define VGIC5_IRS_CR1_VPED_RA                  0x4000u
#define VGIC5_IRS_CR1_VPED_RA_SHIFT            14
#define VGIC5_IRS_CR1_VPED_WA                  0x8000u
#define VGIC5_IRS_CR1_VPED_WA_SHIFT            15
#define VGIC5_IRS_SYNCR                        0x00c0u
#define VGIC5_IRS_SYNCR_SYNC                   0x80000000u
#define VGIC5_IRS_SYNCR_SYNC_SHIFT             31
#define VGIC5_IRS_SYNC_STATUSR                 0x00c4u
#define VGIC5_IRS_SYNC_STATUSR_IDLE            0x1u
#define VGIC5_IRS_SYNC_STATUSR_IDLE_SHIFT      0
#define VGIC5_IRS_SPI_VMR                      0x0100u /* 64 bits */
#define VGIC5_IRS_SPI_SELR                     0x0108u
#define VGIC5_IRS_SPI_SELR_ID                  0xffffffu
#define VGIC5_IRS_SPI_SELR_ID_SHIFT            0
#define VGIC5_IRS_SPI_DOMAINR                  0x010cu
#define VGIC5_IRS_SPI_DOMAINR_DOMAIN           0x3u
#define VGIC5_IRS_SPI_DOMAINR_DOMAIN_SHIFT     0
#define VGIC5_IRS_SPI_RESAMPLER                0x0110u
#define VGIC5_IRS_SPI_RESAMPLER_SPI_ID         0xffffffu
#define VGIC5_IRS_SPI_RESAMPLER_SPI_ID_SHIFT   0
#define VGIC5_IRS_SPI_CFGR                     0x0114u
#define VGIC5_IRS_SPI_CFGR_TM                  0x1u
#define VGIC5_IRS_SPI_CFGR_TM_SHIFT            0
#define VGIC5_IRS_SPI_STATUSR                  0x0118u
#define VGIC5_IRS_SPI_STATUSR_IDLE             0x1u
#define VGIC5_IRS_SPI_STATUSR_IDLE_SHIFT       0
#define VGIC5_IRS_SPI_STATUSR_V                0x2u
#define VGIC5_IRS_SPI_STATUSR_V_SHIFT          1
#define VGIC5_IRS_PE_SELR                      0x0140u
#define VGIC5_IRS_PE_SELR_IAFFID               0xffffu
#define VGIC5_IRS_PE_SELR_IAFFID_SHIFT         0
#define VGIC5_IRS_PE_STATUSR                   0x0144u
#define VGIC5_IRS_PE_STATUSR_IDLE              0x1u
#define VGIC5_IRS_PE_STATUSR_IDLE_SHIFT        0
#define VGIC5_IRS_PE_STATUSR_V                 0x2u
#define VGIC5_IRS_PE_STATUSR_V_SHIFT           1
#define VGIC5_IRS_PE_STATUSR_ONLINE            0x4u
#define VGIC5_IRS_PE_STATUSR_ONLINE_SHIFT      2
#define VGIC5_IRS_PE_CR0                       0x0148u
#define VGIC5_IRS_PE_CR0_DPS                   0x1u
#define VGIC5_IRS_PE_CR0_DPS_SHIFT             0
#define VGIC5_IRS_IST_BASER                    0x0180u /* 64 bits */
#define VGIC5_IRS_IST_BASER_VALID              UINT64_C(0x1)
#define VGIC5_IRS_IST_BASER_VALID_SHIFT        0
#define VGIC5_IRS_IST_BASER_ADDR               UINT64_C(0xffffffffffffc0)
#define VGIC5_IRS_IST_BASER_ADDR_SHIFT         6
#define VGIC5_IRS_IST_CFGR                     0x0190u
#define VGIC5_IRS_IST_CFGR_LPI_ID_BITS         0x1fu
#define VGIC5_IRS_IST_CFGR_LPI_ID_BITS_SHIFT   0
#define VGIC5_IRS_IST_CFGR_L2SZ                0x60u
#define VGIC5_IRS_IST_CFGR_L2SZ_SHIFT          5
#define VGIC5_IRS_IST_CFGR_ISTSZ               0x180u
#define VGIC5_IRS_IST_CFGR_ISTSZ_SHIFT         7
#define VGIC5_IRS_IST_CFGR_STRUCTURE           0x10000u
#define VGIC5_IRS_IST_CFGR_STRUCTURE_SHIFT     16
#define VGIC5_IRS_IST_STATUSR                  0x0194u
#define VGIC5_IRS_IST_STATUSR_IDLE             0x1u
#define VGIC5_IRS_IST_STATUSR_IDLE_SHIFT       0
#define VGIC5_IRS_MAP_L2_ISTR                  0x01c0u
#define VGIC5_IRS_MAP_L2_ISTR_ID               0xffffffu
#define VGIC5_IRS_MAP_L2_ISTR_ID_SHIFT         0
#define VGIC5_IRS_VMT_BASER                    0x0200u /* 64 bits */
#define VGIC5_IRS_VMT_CFGR                     0x0210u
#define VGIC5_IRS_VMT_STATUSR                  0x0214u
#define VGIC5_IRS_VPE_SELR                     0x0240u /* 64 bits */
#define VGIC5_IRS_VPE_DBR                      0x0248u /* 64 bits */
#define VGIC5_IRS_VPE_HPPIR                    0x0250u /* 64 bits */
#define VGIC5_IRS_VPE_CR0                      0x0258u
#define VGIC5_IRS_VPE_STATUSR                  0x025cu
#define VGIC5_IRS_VM_DBR                       0x0280u /* 64 bits */
#define VGIC5_IRS_VM_SELR                      0x0288u
#define VGIC5_IRS_VM_STATUSR                   0x028cu
#define VGIC5_IRS_VMAP_L2_VMTR                 0x02c0u /* 64 bits */
#define VGIC5_IRS_VMAP_VMR                     0x02c8u /* 64 bits */
#define VGIC5_IRS_VMAP_VISTR                   0x02d0u /* 64 bits */
#define VGIC5_IRS_VMAP_L2_VISTR                0x02d8u /* 64 bits */
#define VGIC5_IRS_VMAP_VPER                    0x02e0u /* 64 bits */
#define VGIC5_IRS_SAVE_VMR                     0x0300u /* 64 bits */
#define VGIC5_IRS_SAVE_VM_STATUSR              0x0308u
#define VGIC5_IRS_MEC_IDR                      0x0340u
#define VGIC5_IRS_MEC_MECID_R                  0x0344u
#define VGIC5_IRS_MPAM_IDR                     0x0380u
#define VGIC5_IRS_MPAM_PARTID_R                0x0384u
#define VGIC5_IRS_SWERR_STATUSR                0x03c0u /* 64 bits */
#define VGIC5_IRS_SWERR_SYNDROMER0             0x03c8u /* 64 bits */
#define VGIC5_IRS_SWERR_SYNDROMER1             0x03d0u /* 64 bits */
#define VGIC5_IRS_DEVARCH                      0xffbcu
#define VGIC5_IRS_DEVARCH_ARCHID               0xffffu
#define VGIC5_IRS_DEVARCH_ARCHID_SHIFT         0
#define VGIC5_IRS_DEVARCH_REVISION             0xf0000u
#define VGIC5_IRS_DEVARCH_REVISION_SHIFT       16
#define VGIC5_IRS_DEVARCH_PRESENT              0x100000u
#define VGIC5_IRS_DEVARCH_PRESENT_SHIFT        20
#define VGIC5_IRS_DEVARCH_ARCHITECT            0xffe00000u
#define VGIC5_IRS_DEVARCH_ARCHITECT_SHIFT      21
#define VGIC5_IRS_PIDR4                        0xffd0u
#define VGIC5_IRS_PIDR5                        0xffd4u
#define VGIC5_IRS_PIDR6                        0xffd8u
#define VGIC5_IRS_PIDR7                        0xffdcu
#define VGIC5_IRS_PIDR0                        0xffe0u
#define VGIC5_IRS_PIDR1                        0xffe4u
#define VGIC5_IRS_PIDR2                        0xffe8u
#define VGIC5_IRS_PIDR3                        0xffecu
#define VGIC5_IRS_CIDR0                        0xfff0u
#define VGIC5_IRS_CIDR1                        0xfff4u
#define VGIC5_IRS_CIDR2                        0xfff8u
#define VGIC5_IRS_CIDR3                        0xfffcu

/* ---- The first word of an L2 ISTE */

#define VGIC5_ISTE_PENDING                     0x1u
#define VGIC5_ISTE_PENDING_SHIFT               0
#define VGIC5_ISTE_ACTIVE                      0x2u
#define VGIC5_ISTE_ACTIVE_SHIFT                1
#define VGIC5_ISTE_HM                          0x4u
#define VGIC5_ISTE_HM_SHIFT                    2
#define VGIC5_ISTE_ENABLE                      0x8u
#define VGIC5_ISTE_ENABLE_SHIFT                3
#define VGIC5_ISTE_IRM                         0x10u
#define VGIC5_ISTE_IRM_SHIFT                   4
#define VGIC5_ISTE_HWU                         0x600u
#define VGIC5_ISTE_HWU_SHIFT                   9
#define VGIC5_ISTE_PRIORITY                    0xf800u
#define VGIC5_ISTE_PRIORITY_SHIFT              11
#define VGIC5_ISTE_IAFFID                      0xffff0000u
#define VGIC5_ISTE_IAFFID_SHIFT                16

/* ---- An L1 ISTE */

#define VGIC5_L1_ISTE_VALID                    UINT64_C(0x1)
#define VGIC5_L1_ISTE_VALID_SHIFT              0
#define VGIC5_L1_ISTE_L2_ADDR                  UINT64_C(0xfffffffffff000)
#define VGIC5_L1_ISTE_L2_ADDR_SHIFT            12

#endif
