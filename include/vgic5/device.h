/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A virtual GICv5 interrupt controller: one IRS in the Non-secure domain, its CPU interfaces, and
 * the attribute contract of Linux KVM's VGICv5 device around them.
 *
 * Life:  vgic5_create → vgic5_add_vcpu … → attributes (ADDR, NR_IRQS, CTRL_INIT) → vgic5_vcpu_enter
 * … → vgic5_destroy
 *
 * Three doors lead to the same state:
 *   - the guest's:  vgic5_mmio, vgic5_cpu_access      (the architecture: Arm IHI 111701)
 *   - the wires':   vgic5_irq_line, vgic5_ppi_line    (devices of the VMM)
 *   - the VMM's:    vgic5_{has,get,set}_attr          (the contract: Linux arm-vgic-v5.rst)
 *
 * Errors are negative errno values, those of the contract. A call that fails has changed nothing.
 * A pointer may be NULL where its function says so. Elsewhere a NULL is refused and nothing
 * happens: -EINVAL where an errno is answered, and else what says that there is nothing: 0, false,
 * NULL, VGIC5_UNHANDLED, or no id. No function starts a thread or keeps a global.
 *
 * Threads. One thread at a time may be inside the functions of one device; with config.threads = 1
 * any number, a thread for each vCPU and others for wires and attributes, from the return of
 * CTRL_INIT to the call of vgic5_destroy. Each vCPU is then protected by a lock of its own, so that
 * vCPUs do not wait for each other unless one acts on an interrupt that targets another. GRP_IST
 * waits for all of them, and so do a write to IRS_CR0, IRS_SPI_CFGR, IRS_SPI_RESAMPLER,
 * IRS_IST_BASER or IRS_MAP_L2_ISTR (but no other access to the frame), and the first of several
 * registers that are got or set while no vCPU is in. What one call did is seen by every call that
 * starts after it has returned. A lock is waited for by spinning, then yielding, then sleeping:
 * threads may have different priorities.
 *
 * Source labels: R_xxxxx and D_xxxxx are rules of the GICv5 architecture; "KVM" is the device
 * contract.
 */
#ifndef VGIC5_DEVICE_H
#define VGIC5_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vgic5/arch.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- The KVM contract's constants (Debian 12's kernel headers know none of them). ------------ */

#define VGIC5_DEV_TYPE 16u /* KVM_DEV_TYPE_ARM_VGIC_V5 */

enum vgic5_group {
    VGIC5_GRP_ADDR = 0,
    VGIC5_GRP_NR_IRQS = 3,
    VGIC5_GRP_CTRL = 4,
    VGIC5_GRP_CPU_SYSREGS = 6,
    VGIC5_GRP_IRS_REGS = 10,
    VGIC5_GRP_IST = 11,
};

#define VGIC5_ADDR_TYPE_IRS 6u       /* attr of GRP_ADDR; payload u64 */
#define VGIC5_CTRL_INIT 0u           /* attr of GRP_CTRL; set, no payload */
#define VGIC5_CTRL_USERSPACE_PPIS 5u /* attr of GRP_CTRL; get, payload u64[2] */

#define VGIC5_NR_SPIS_MIN 32u
#define VGIC5_NR_SPIS_MAX 1024u
#define VGIC5_NR_SPIS_DEFAULT 32u
#define VGIC5_IRS_FRAME_SIZE 0x10000u  /* of registers, and the alignment of ADDR (IHI 111701) */
#define VGIC5_IRS_REGION_SIZE 0x20000u /* CONFIG frame and SETLPI frame: what ADDR takes (KVM) */
#define VGIC5_MAX_VCPUS 512u

/* attr of GRP_CPU_SYSREGS: mpidr[63:32] (Aff3[63:56] Aff2[55:48] Aff1[47:40] Aff0[39:32]) and the
 * register's encoding below it. */
#define VGIC5_SYSREG_ATTR(mpidr, encoding) \
    ((vgic5_mpidr_to_attr(mpidr)) | (uint64_t)(uint16_t)(encoding))

/* MPIDR_EL1 of the vCPU with this id, as KVM makes it: Aff0 = id[3:0], Aff1 = id[11:4],
 * Aff2 = id[19:12]. Without the RES1 bit 31. */
static inline uint64_t vgic5_mpidr_of_vcpu(uint32_t id)
{
    return (id & 0xfu) | ((id >> 4 & 0xffu) << 8) | ((id >> 12 & 0xffu) << 16);
}

/* The affinity fields of an MPIDR_EL1 value at attr[63:32]: Aff3 Aff2 Aff1 Aff0. */
static inline uint64_t vgic5_mpidr_to_attr(uint64_t mpidr)
{
    return ((mpidr >> 32 & 0xffu) << 56) | ((mpidr & 0xffffffu) << 32);
}

/* KVM_IRQ_LINE's irq: vcpu2_index[31:28] type[27:24] vcpu_index[23:16] number[15:0]. */
#define VGIC5_IRQ_TYPE_CPU 0u
#define VGIC5_IRQ_TYPE_SPI 1u
#define VGIC5_IRQ_TYPE_PPI 2u
#define VGIC5_IRQ_SPI(number) ((VGIC5_IRQ_TYPE_SPI << 24) | ((number)&0xffffu))
#define VGIC5_IRQ_PPI(vcpu_id, number)                                                          \
    ((((vcpu_id) >> 8 & 0xfu) << 28) | (VGIC5_IRQ_TYPE_PPI << 24) | (((vcpu_id)&0xffu) << 16) | \
     ((number)&0xffffu))

/* As struct kvm_device_attr. `addr` is an address in the caller's memory, reached through
 * vgic5_host.read_caller and .write_caller. */
struct vgic5_attr {
    uint32_t flags; /* 0 */
    uint32_t group; /* enum vgic5_group */
    uint64_t attr;
    uint64_t addr;
};

/* The payload of GRP_IST under 7.4, as struct kvm_vgic_v5_ist: two buffers of the caller, reached
 * as vgic5_attr.addr is, with an ISTE word (VGIC5_ISTE_…) for each interrupt in the order of its
 * id. Sizes are in bytes, and exact. Without an LPI IST lpi_ist_addr and lpi_ist_size are 0. */
struct vgic5_ist {
    uint64_t spi_ist_addr;
    uint64_t spi_ist_size; /* 4 * NR_IRQS */
    uint64_t lpi_ist_addr;
    uint64_t lpi_ist_size; /* 4 << IRS_IST_CFGR.LPI_ID_BITS */
};

/* ---- Interrupts --------------------------------------------------------------------------------
 */

/* INTID: Type[31:29], ID[23:0] (R_TJPHS, R_GYVWB). The three namespaces are independent. */
enum vgic5_type { VGIC5_PPI = 1, VGIC5_LPI = 2, VGIC5_SPI = 3 };

#define VGIC5_INTID(type, id) (((uint32_t)(type) << 29) | ((uint32_t)(id)&0xffffffu))
#define VGIC5_INTID_TYPE(intid) ((uint32_t)(intid) >> 29)
#define VGIC5_INTID_ID(intid) ((uint32_t)(intid)&0xffffffu)

/* The PPIs that this library knows by name (list R_XDVCM). All are level but SW_PPI. */
enum vgic5_ppi {
    VGIC5_PPI_SW = 3,
    VGIC5_PPI_PMUIRQ = 23,
    VGIC5_PPI_CNTV = 27,
    VGIC5_PPI_CNTP = 30,
};

/* What a PE's interrupt line carries (R_QLGBG, R_CSBDX). */
enum vgic5_line {
    VGIC5_LINE_NONE = 0,
    VGIC5_LINE_IRQ = 1,           /* ISR_EL1.I */
    VGIC5_LINE_SUPERPRIORITY = 3, /* ISR_EL1.I and .IS: priority 0, an NMI iff SCTLR_EL1.NMI */
};

/* ---- What the VMM provides ---------------------------------------------------------------------
 */

/*
 * Every service may be called from inside any function of the device it was given to, on the same
 * thread, and must not call back into that device, but for what spi_deactivated may. `opaque` is
 * the pointer given to vgic5_create.
 * With config.threads = 1 services are called by several threads at a time, `line` for one vCPU by
 * one at a time and in the order of its changes; all but `quiesce` and `spi_deactivated` while
 * locks are held, so they must not wait for another thread that is inside the device.
 * Whoever breaks this hangs; after about a second `log` says so, from the thread that waits.
 */
struct vgic5_host {
    uint32_t size; /* sizeof(struct vgic5_host) of the caller: a longer library reads no further */

    /* Memory for the device's own state: zeroed, aligned for any type and to 64 bytes if size is
     * 64 or more; NULL when there is none. Both NULL: the C library's. */
    void *(*alloc)(void *opaque, size_t size);
    void (*free)(void *opaque, void *memory, size_t size);

    /* Guest physical memory. 0, or -EFAULT when any byte of the range is not there (then nothing
     * was written). Both needed before an LPI IST can be valid. */
    int (*read_guest)(void *opaque, uint64_t ipa, void *to, size_t size);
    int (*write_guest)(void *opaque, uint64_t ipa, const void *from, size_t size);

    /* The memory that vgic5_attr.addr points to. 0 or -EFAULT. Both NULL: plain pointers of this
     * process, of which only NULL is refused. */
    int (*read_caller)(void *opaque, void *to, uint64_t addr, size_t size);
    int (*write_caller)(void *opaque, uint64_t addr, const void *from, size_t size);

    /* The line to a PE has changed. NULL: the VMM asks vgic5_vcpu_line. */
    void (*line)(void *opaque, uint32_t vcpu_id, enum vgic5_line line);

    /* Wait until no event is under way, before a get of GRP_IST hands state out. It is not asked
     * while a vCPU is in: that is -EBUSY before. 0; -EBUSY: the VM did not stay quiet (try again);
     * -ETIMEDOUT: it never became idle. These, and any other errno, are the answer of the get; one
     * of the wrong sign too. NULL: always quiet. */
    int (*quiesce)(void *opaque);

    /* One line of text without newline about something the guest or the host did wrong. May be
     * NULL. */
    void (*log)(void *opaque, const char *message);

    /* CTRL_INIT has made everything else: take what a VM with so many vCPUs, up to this id, needs
     * of the host. In KVM these are a VM id and entries of the tables of the physical IRS. 0, or
     * the answer of CTRL_INIT, which can be tried again: -ENOSPC (no VM id is left), -E2BIG (the
     * host has no room for as many, or for the id), -ENOMEM, -ETIMEDOUT (the physical IRS does not
     * answer). It succeeds once in the life of a device. NULL: 0. */
    int (*claim)(void *opaque, uint32_t nr_vcpus, uint32_t highest_id);

    /* A guest has deactivated (GIC CDDI) an SPI that was active and whose trigger mode is level: it
     * has dealt with the device for now. This is where KVM notifies an irqfd with
     * KVM_IRQFD_FLAG_RESAMPLE, and what VFIO's INTx unmasks by: lower the wire, and let whoever
     * drives it look whether it should be high. It comes from vgic5_cpu_access, on that vCPU's
     * thread, when the instruction has had its effect; no lock is held, and vgic5_irq_line and
     * vgic5_ppi_line may be called for the same device. Edge SPIs, PPIs, LPIs, the deactivation of
     * what is not active, and attributes make no such call. May be NULL. */
    void (*spi_deactivated)(void *opaque, uint32_t spi);
};

enum vgic5_abi {
    VGIC5_ABI_V1 = 1,  /* KVM, posting of April 2026: the LPI IST is saved to guest memory */
    VGIC5_ABI_7_4 = 2, /* KVM as merged for Linux 7.4 */
};

/* What the device offers to its guest. Zero fields mean the default in brackets. */
struct vgic5_config {
    uint32_t size;           /* sizeof(struct vgic5_config) of the caller */
    uint32_t abi;            /* enum vgic5_abi [VGIC5_ABI_V1] */
    uint8_t ipa_bits;        /* guest physical address size: 32 36 40 42 44 48 52 56 [48] */
    uint8_t lpi_id_bits;     /* IDR2.ID_BITS, min_lpi_id_bits..24 [16] */
    uint8_t min_lpi_id_bits; /* IDR2.MIN_LPI_ID_BITS, 1..14 [1] */
    uint8_t priority_bits;   /* IDR1.PRI_BITS + 1, 1..5 [5] */
    uint8_t ist_l2sz;        /* IDR2.IST_L2SZ: bit 0 4K, bit 1 16K, bit 2 64K; 0: linear only */
    uint8_t istmd;           /* IDR2.ISTMD, 0 or 1: entries carry metadata [0] */
    uint8_t istmd_sz;        /* IDR2.ISTMD_SZ: LPI id bits from which entries are 16 bytes [0] */
    uint8_t threads;         /* 1: several threads may be inside the device at a time [0] */
    uint64_t ppis[2];        /* implemented PPIs of 0..63 in [0]; [1] must be 0
                                [SW_PPI, PMUIRQ, CNTV, CNTP] */
};

struct vgic5;      /* one VM's VGICv5 */
struct vgic5_vcpu; /* one vCPU's CPU interface; owned by its device, valid until vgic5_destroy */

/* ---- Life --------------------------------------------------------------------------------------
 */

/*
 * Create a device, without vCPUs and not initialised (KVM_CREATE_DEVICE). `config` and `host` are
 * copied; either may be NULL for all defaults. `opaque` is handed to the host's functions and is
 * not looked at. `*device` is the caller's to destroy; a call that fails leaves it as it was.
 * Errors: -EINVAL (a field of config out of its range; half a pair of host functions; a size that
 * no version has), -ENODEV (config->abi is unknown), -ENOMEM.
 */
int vgic5_create(const struct vgic5_config *config, const struct vgic5_host *host, void *opaque,
                 struct vgic5 **device);

/* What the device offers, every default filled in. config->size is the caller's
 * sizeof(struct vgic5_config): no more than that is written, and it becomes what was. Errors:
 * -EINVAL (a size that no version has: nothing is written). */
int vgic5_get_config(const struct vgic5 *device, struct vgic5_config *config);

/* Free everything the device owns, its vCPUs too; nobody may be inside. Guest memory is left as it
 * is: entries of an LPI IST that have not been saved are not written back. NULL is allowed. It
 * cannot fail. */
void vgic5_destroy(struct vgic5 *device);

/*
 * Add a vCPU. `vcpu_id` is its VPE id and IAFFID; ids may be sparse, and come in any order.
 * Errors: -EBUSY (after CTRL_INIT), -EEXIST (the id is taken), -E2BIG (more than VGIC5_MAX_VCPUS,
 * or the id above 65535), -ENOMEM.
 */
int vgic5_add_vcpu(struct vgic5 *device, uint32_t vcpu_id);

/* The vCPU with this id, the device's own, or NULL: there is none. */
struct vgic5_vcpu *vgic5_vcpu(struct vgic5 *device, uint32_t vcpu_id);

/* Number of vCPUs, and the id of the n-th one in the order of their addition; UINT32_MAX, which is
 * no id: there are not as many. */
uint32_t vgic5_nr_vcpus(const struct vgic5 *device);
uint32_t vgic5_vcpu_id(const struct vgic5 *device, uint32_t n);

/*
 * The vCPU is about to run, and has stopped (KVM_RUN). Between the two it counts as running:
 * attributes answer -EBUSY where the contract says so, and after the first of all enters the VM
 * "has run". The guest's doors themselves do not need it. leave cannot fail, and does nothing to a
 * vCPU that is not in.
 * Errors of enter: -EBUSY (before CTRL_INIT, or the vCPU is in already), -ENXIO (ADDR never set; or
 * IST_BASER.VALID was restored and GRP_IST never set, 7.4), -EIO (an earlier first run failed: the
 * VM is unusable).
 */
int vgic5_vcpu_enter(struct vgic5_vcpu *vcpu);
void vgic5_vcpu_leave(struct vgic5_vcpu *vcpu);

/* ---- The VMM's door (KVM: KVM_{HAS,GET,SET}_DEVICE_ATTR) ----------------------------------------
 */

/*
 * Group        attr                 payload at addr
 * ADDR         VGIC5_ADDR_TYPE_IRS  u64, guest physical, 64 KiB aligned; reads all ones until set
 * NR_IRQS      ignored              u32, number of SPIs: a multiple of 32 in 32..1024; reads 0
 *                                   until set or CTRL_INIT
 * CTRL         VGIC5_CTRL_INIT      none, set only; a second time does nothing
 *              …_USERSPACE_PPIS     u64[2], get only: the PPIs for vgic5_irq_line; zeros before
 *                                   CTRL_INIT
 * CPU_SYSREGS  VGIC5_SYSREG_ATTR()  u64, raw: a set makes no event
 * IRS_REGS     byte offset          u64, whatever the register's width
 * IST          0                    v1: u32[NR_IRQS], an ISTE for each SPI, and the LPIs' are in
 *                                   guest memory; 7.4: struct vgic5_ist of two such buffers
 *
 * has answers 0, -ENXIO (no such group or attribute), -EINVAL (CPU_SYSREGS: no vCPU has this MPIDR;
 * IRS_REGS: no vCPU, or not the first byte of a register). The errors of set, in the order in which
 * they are looked for; get has the same, but of those that concern a value, and -EFAULT last:
 *
 * ADDR         -EFAULT, -ENXIO (attr), -EEXIST (set before), -EINVAL (misaligned, wraps around),
 *              -E2BIG (the region's end is beyond ipa_bits)
 * NR_IRQS      -EFAULT, -EINVAL (not such a number), -EBUSY (set before, or after CTRL_INIT)
 * CTRL         -ENXIO (attr, or the wrong direction), -ENODEV (no vCPU), -ENOMEM, and what
 *              host.claim answers
 * CPU_SYSREGS  -EINVAL (no vCPU has this MPIDR), -EBUSY, -EFAULT, -ENOENT (none of the 26)
 * IRS_REGS     -EINVAL (no vCPU), -EFAULT, -EBUSY, -ENXIO (ADDR not set; no register at attr),
 *              -EINVAL (not its first byte; a value that this device cannot have)
 * IST          -ENXIO (attr), -EBUSY, -EINVAL (addr is 0; 7.4: a size; IST_CFGR is not legal),
 *              -EFAULT (addr; v1: guest memory behind the LPI IST), -ENOMEM. 7.4: -EBUSY (set:
 *              there is an LPI IST), -ENXIO (get: IST_BASER was restored, its content not). get:
 *              what host.quiesce answers
 *
 * -EBUSY without more: before CTRL_INIT; a vCPU is running; a set of IST, and under 7.4 any of the
 * three, after a vCPU has run. -EFAULT: addr is 0, or read_caller or write_caller refuses it.
 */
int vgic5_has_attr(struct vgic5 *device, const struct vgic5_attr *attr);
int vgic5_get_attr(struct vgic5 *device, const struct vgic5_attr *attr);
int vgic5_set_attr(struct vgic5 *device, const struct vgic5_attr *attr);

/* ---- The wires ---------------------------------------------------------------------------------
 */

/*
 * KVM_IRQ_LINE: drive an SPI's wire or a userspace PPI. `irq` is made with VGIC5_IRQ_SPI or
 * VGIC5_IRQ_PPI. Each raise of an edge interrupt (an SPI whose trigger mode is edge, SW_PPI) makes
 * it pending, one without a lowering in between too; lowering takes nothing back. Repeating the
 * level of a level SPI changes nothing: a Pending that a restore has brought outlives a low line,
 * until that is raised and lowered (KVM). Errors: -EBUSY (before
 * CTRL_INIT), -EINVAL (SPI number not below NR_IRQS; PPI not in USERSPACE_PPIS; no such vCPU;
 * unknown type), -ENXIO (type CPU).
 */
int vgic5_irq_line(struct vgic5 *device, uint32_t irq, bool level);

/*
 * Drive a PPI that the VMM's own timer or PMU owns (in KVM this happens inside the kernel).
 * It is a level PPI: Pending follows the line (list R_XDVCM, ICC_PPI_HMR).
 * Errors: -EBUSY (before CTRL_INIT), -EINVAL (not an implemented level PPI; SW_PPI, which
 * vgic5_irq_line drives).
 */
int vgic5_ppi_line(struct vgic5_vcpu *vcpu, uint32_t ppi, bool level);

/*
 * The level of every SPI wire, bit n of word n/64 for SPI n; `words` words, of which those beyond
 * the last SPI read 0. No attribute carries the wires: a VMM keeps them itself, or asks here.
 * Setting makes no event: it is for a restore, before GRP_IST is set. It sets all wires: those of
 * SPIs beyond `words` words become low.
 * Errors: -EBUSY (before CTRL_INIT; set also after a vCPU has run), -EINVAL (a bit set beyond the
 * last SPI).
 */
int vgic5_get_spi_wires(struct vgic5 *device, uint64_t *wires, size_t words);
int vgic5_set_spi_wires(struct vgic5 *device, const uint64_t *wires, size_t words);

/*
 * The trigger mode (IRS_SPI_CFGR.TM) and the handling mode (HM) of every SPI, as the wires above.
 * GRP_IST of profile 7.4 has one bit for both: a VMM that wants to know what it loses asks here.
 * Errors: -EBUSY (before CTRL_INIT).
 */
int vgic5_get_spi_modes(struct vgic5 *device, uint64_t *trigger, uint64_t *handling, size_t words);

/* `size` bytes of guest memory at guest physical address `ipa`, through the host's functions, for
 * those who know only the device. 0; -EFAULT: what those refuse, whatever their errno. */
int vgic5_read_guest(struct vgic5 *device, uint64_t ipa, void *to, size_t size);
int vgic5_write_guest(struct vgic5 *device, uint64_t ipa, const void *from, size_t size);

/*
 * Has the guest enabled this SPI? For a VMM's device that holds something back until somebody
 * listens. False for one that does not exist, and before CTRL_INIT.
 */
bool vgic5_spi_enabled(const struct vgic5 *device, uint32_t spi);

/* ---- The guest's door --------------------------------------------------------------------------
 */

enum vgic5_access_result {
    VGIC5_UNHANDLED = 0, /* not the GIC's: the VMM goes on looking */
    VGIC5_HANDLED = 1,
    VGIC5_UNDEFINED = 2, /* the GIC's, and UNDEFINED here: inject an Undefined Instruction */
};

/*
 * A guest access to the IRS region, `offset` from its base. `size` is 1, 2, 4 or 8 bytes.
 * The CONFIG frame takes aligned 32-bit accesses, and 64-bit ones or 32-bit halves for its 64-bit
 * registers; everything else, the SETLPI frame too, is RAZ/WI. Never fails for a guest's mistake.
 * VGIC5_UNHANDLED: before CTRL_INIT, or an offset beyond the region; then `*access` is as it was.
 * Else VGIC5_HANDLED. It keeps its layout: an access of a bus has no more.
 */
struct vgic5_mmio {
    uint64_t offset;
    uint64_t value; /* in for a write, out for a read (zero-extended) */
    uint8_t size;
    bool is_write;
};
enum vgic5_access_result vgic5_mmio(struct vgic5 *device, struct vgic5_mmio *access);

/*
 * A guest's MRS/MSR of a GICv5 register, or SYSL/SYS of a GIC instruction, at EL1, trapped by the
 * VMM. `encoding` by VGIC5_ENCODING; `is_write` for MSR and SYS; `*value` is Xt, in for a write,
 * out for a read that is handled. Accesses from EL0 are the VMM's to refuse (all are UNDEFINED
 * there). VGIC5_UNHANDLED: before CTRL_INIT, or not the GIC's. What is UNDEFINED: doc/CHOICES.md.
 */
enum vgic5_access_result vgic5_cpu_access(struct vgic5_vcpu *vcpu, uint16_t encoding, bool is_write,
                                          uint64_t *value);

/* SCTLR_EL1.NMI of this PE [false]: whether priority 0 is an NMI for CDIA and CDNMIA (R_CSBDX). At
 * any time, before CTRL_INIT too; no attribute carries it, so a restore repeats it. It cannot fail.
 */
void vgic5_vcpu_set_nmi(struct vgic5_vcpu *vcpu, bool sctlr_nmi);

/* The CPU interface as it was created: what PSCI CPU_ON and KVM_ARM_VCPU_INIT do to a vCPU. Every
 * ICC register is as after reset, no PPI is enabled or active, the pending latch of an edge PPI is
 * clear, and SCTLR_EL1.NMI is 0. What other registers and interrupts say stays: SPIs and LPIs that
 * target the PE, their Active state, and the wires of its PPIs, which are the VMM's. NULL, or
 * before CTRL_INIT: nothing is there to reset. It cannot fail. */
void vgic5_vcpu_reset(struct vgic5_vcpu *vcpu);

/* What the line to the PE carries now; VGIC5_LINE_NONE before CTRL_INIT. */
enum vgic5_line vgic5_vcpu_line(const struct vgic5_vcpu *vcpu);

/* ---- Why is this interrupt not delivered? ------------------------------------------------------
 */

/* The first of these that stands between an interrupt and its delivery: at the interrupt, in the
 * IRS, at the CPU interface of its target (D_MSQKF), and last at the PE, of which the VMM knows
 * (vgic5_why_at_pe). Others may be behind it. */
enum vgic5_why_reason {
    VGIC5_WHY_DELIVERED = 0, /* nothing: it is signalled, and what the PE takes next */
    VGIC5_WHY_UNREACHABLE,   /* no such PPI or SPI; no IST, or no ISTE, for this LPI */
    VGIC5_WHY_NOT_PENDING,   /* perhaps active */
    VGIC5_WHY_ACTIVE,        /* pending and active */
    VGIC5_WHY_DISABLED,
    VGIC5_WHY_NO_PE,            /* no vCPU has its IAFFID */
    VGIC5_WHY_IRSEN,            /* IRS_CR0.IRSEN is 0 */
    VGIC5_WHY_EN,               /* ICC_CR0_EL1.EN is 0 */
    VGIC5_WHY_PCR,              /* priority > ICC_PCR_EL1.PRIORITY */
    VGIC5_WHY_RUNNING_PRIORITY, /* priority >= the running priority */
    VGIC5_WHY_BEHIND,           /* another one is signalled, hppi */
    VGIC5_WHY_VCPU_OFF,         /* signalled, to a PE that is off */
    VGIC5_WHY_MASKED,           /* signalled, to a PE that masks it: PSTATE.I */
};

/* What was so at one moment. The values behind `intid` are 0 for UNREACHABLE, and those of the
 * target (from `hppi` on) for NO_PE mean nothing. */
struct vgic5_why {
    uint32_t size;    /* sizeof(struct vgic5_why) of the caller */
    uint32_t reason;  /* enum vgic5_why_reason */
    uint32_t intid;   /* what was asked for */
    uint32_t iaffid;  /* its target, which is the vCPU's id */
    uint32_t hppi;    /* INTID of what the target is signalled; 0: nothing */
    uint8_t priority; /* 0, the highest, .. 31 */
    bool pending, active, enabled;
    uint8_t pcr;              /* ICC_PCR_EL1.PRIORITY of the target */
    uint8_t running_priority; /* of the target; 32: none */
    uint8_t line;             /* enum vgic5_line of the target */
    bool nmi;                 /* what is signalled is an NMI (R_CSBDX): PSTATE.I does not mask it */
};

/*
 * Why is this interrupt delivered next, or why not? For a monitor or a debugger, of a device that
 * runs: it takes the locks of a GIC instruction, makes no event, and changes nothing that a guest
 * can see (the ISTEs around an LPI may be read from guest memory). `intid` is made with
 * VGIC5_INTID. `vcpu` is whose PPI is asked for, and may be NULL for an SPI or LPI. why->size is
 * the caller's: no more than that is written, and it becomes what was.
 * Errors: -EINVAL (not an INTID; a PPI without a vCPU; a vCPU of another device; a size that no
 * version has), -EBUSY (before CTRL_INIT).
 */
int vgic5_why(struct vgic5 *device, const struct vgic5_vcpu *vcpu, uint32_t intid,
              struct vgic5_why *why);

/* What the VMM knows of the vCPU why->iaffid: it is powered off; it masks what is signalled
 * (PSTATE.I is 1, and it is no NMI). DELIVERED becomes VCPU_OFF or MASKED; every other reason
 * stays. It cannot fail. */
void vgic5_why_at_pe(struct vgic5_why *why, bool off, bool masked);

/* The answer as a sentence without full stop, in at most `size` bytes with the NUL at its end; 160
 * hold every one. The length that it has, as snprintf counts it. Errors: -EINVAL (not an answer of
 * vgic5_why). And the reason as a word ("not-pending"), static; NULL: there is no such reason. */
int vgic5_why_sentence(const struct vgic5_why *why, char *to, size_t size);
const char *vgic5_why_word(uint32_t reason);

/* The version of this header, and a condition for #if: is it that one, or a later one? A function
 * that came later says with which; shared libraries carry the version VGIC5_0.1 on each symbol. */
#define VGIC5_VERSION_MAJOR 0
#define VGIC5_VERSION_MINOR 1
#define VGIC5_VERSION_PATCH 0
#define VGIC5_VERSION_AT_LEAST(major, minor, patch) \
    (VGIC5_VERSION_MAJOR > (major) ||               \
     (VGIC5_VERSION_MAJOR == (major) &&             \
      (VGIC5_VERSION_MINOR > (minor) ||             \
       (VGIC5_VERSION_MINOR == (minor) && VGIC5_VERSION_PATCH >= (patch)))))

/* That of the library which runs: "vgic5 MAJOR.MINOR.PATCH", static. */
const char *vgic5_version(void);

#ifdef __cplusplus
}
#endif
#endif
