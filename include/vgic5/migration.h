/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Save and restore of a VGICv5: the sequences as data, one engine that runs them over a port, and
 * the neutral state that they fill.
 *
 *   save:     vCPUs stopped, devices quiet → vgic5_save → vgic5_state_to_snapshot → guest memory
 *   restore:  vgic5_state_from_snapshot → guest memory loaded → a new device, with or without its
 *             vCPUs → vgic5_restore → run
 *
 * The state outlives device and snapshot. Functions return 0 or a negative errno with `error`
 * filled (which may be NULL); its cause is named below as ENVIRONMENT for VGIC5_CAUSE_ENVIRONMENT,
 * and so on. Where no other is named, -EINVAL is BUG (the port or the options are none) and -ENOMEM
 * is ENVIRONMENT.
 *
 * A pointer may be NULL where its function says so. Elsewhere a NULL is refused and nothing
 * happens: -EINVAL where an errno is answered, and else what says that there is nothing: 0, false,
 * NULL, or no id.
 */
#ifndef VGIC5_MIGRATION_H
#define VGIC5_MIGRATION_H

#include <vgic5/device.h>
#include <vgic5/snapshot.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- The port: where a device is reached ----------------------------------------------------- */

/*
 * has, get and set are those of the contract: 0 or a negative errno, and attr->addr points into
 * this process. Members that say so may be NULL.
 */
struct vgic5_port {
    uint32_t size; /* sizeof(struct vgic5_port) of the caller */
    uint32_t abi;  /* enum vgic5_abi of the device */
    void *opaque;

    int (*has_attr)(void *opaque, const struct vgic5_attr *attr);
    int (*get_attr)(void *opaque, const struct vgic5_attr *attr);
    int (*set_attr)(void *opaque, const struct vgic5_attr *attr);

    /* The number of vCPUs, at most VGIC5_MAX_VCPUS, of which the first `max` ids are stored in the
     * order of creation. */
    int (*vcpus)(void *opaque, uint32_t *ids, size_t max);
    /* Give a device that has no vCPU one. NULL: the VMM creates them before the restore. */
    int (*add_vcpu)(void *opaque, uint32_t id);

    /* What the device offers, so that a restore checks everything before its first set: as
     * vgic5_get_config, with config->size set. NULL: not known, the device's own checks have to
     * do. */
    int (*describe)(void *opaque, struct vgic5_config *config);

    /* The levels of the SPI wires (no attribute carries them), as vgic5_{get,set}_spi_wires. Both
     * NULL: the VMM re-asserts its lines after the restore. */
    int (*get_spi_wires)(void *opaque, uint64_t *wires, size_t words);
    int (*set_spi_wires)(void *opaque, const uint64_t *wires, size_t words);

    /* ---- Since 0.2; a shorter port has none of them. ---- */

    /* KVM_IRQ_LINE. Where set_spi_wires is NULL the engine raises with it, after all else, the
     * lines of level SPIs that the state has high (kvm-abi §4). It lowers none, since Pending over
     * a low line is a guest's CDPEND, and drives no edge SPI's line. */
    int (*irq_line)(void *opaque, uint32_t irq, bool level);

    /* Guest memory, 0 or -EFAULT. A restore across profiles moves the LPIs between the guest's IST
     * and an image; NULL: it is refused when there is an LPI IST. */
    int (*read_guest)(void *opaque, uint64_t ipa, void *to, size_t size);
    int (*write_guest)(void *opaque, uint64_t ipa, const void *from, size_t size);

    /* As vgic5_get_spi_modes: what a save under 7.4 cannot carry is seen with it. NULL: not known.
     */
    int (*get_spi_modes)(void *opaque, uint64_t *trigger, uint64_t *handling, size_t words);

    /* Does a restore end by reading everything back? A difference to what was set is -ENOTSUP and
     * UNFIT, and names the register or the INTID, what was set and what is there; what a device is
     * known to change is a warning. vgic5_port_kvm sets it, since a kernel may accept a set and
     * ignore it; vgic5_port_model does not. */
    bool reads_back;
};

/*
 * Which generation of the contract is behind an initialised device that does not say so: GRP_IST is
 * read with a payload of zeros, which 7.4 refuses as a descriptor (EINVAL) and v1 fills
 * (kvm-abi §1). Of the port get_attr and opaque alone are looked at. Guest memory may be written,
 * as by a save. `*abi` is set only if it succeeds. Errors: those of the device's answer (-EBUSY: no
 * CTRL_INIT yet, or a vCPU runs), ENVIRONMENT; -EINVAL, BUG: the port has no get_attr.
 */
int vgic5_probe_abi(const struct vgic5_port *port, uint32_t *abi, struct vgic5_error *error);

/*
 * Fill `port`, of `size` bytes, for a device in this process, which must outlive it, and must reach
 * the caller's memory by plain pointers (vgic5_host.read_caller and .write_caller NULL, or working
 * on such). Members may be replaced afterwards. port->size becomes what was filled, which is less
 * than `size` where the caller is newer than the library; the rest is zero. It cannot fail.
 */
void vgic5_port_model_sized(struct vgic5 *device, struct vgic5_port *port, uint32_t size);

/* The same for the struct that the caller was compiled with. */
static inline void vgic5_port_model(struct vgic5 *device, struct vgic5_port *port)
{
    vgic5_port_model_sized(device, port, sizeof(*port));
}

/* ---- The sequences, as data ------------------------------------------------------------------ */

enum vgic5_direction { VGIC5_SAVE = 0, VGIC5_RESTORE = 1 };

enum vgic5_step_action {
    VGIC5_STEP_GET,  /* get_attr */
    VGIC5_STEP_SET,  /* set_attr */
    VGIC5_STEP_PORT, /* another function of the port: vCPUs, wires */
    VGIC5_STEP_VMM,  /* the VMM's own part: the engine only passes here */
};

enum vgic5_step_loop {
    VGIC5_LOOP_ONCE,
    VGIC5_LOOP_PES,     /* for each vCPU: write IRS_PE_SELR, then the access */
    VGIC5_LOOP_SPIS,    /* for each SPI: write IRS_SPI_SELR, then the access */
    VGIC5_LOOP_SYSREGS, /* for each vCPU, for each of its 26 registers */
    VGIC5_LOOP_STATUS,  /* for each status register */
};

#define VGIC5_PROFILE(abi) (1u << (abi))
#define VGIC5_STEP_NO_GROUP UINT32_MAX

/*
 * One step of a sequence. The table that vgic5_save and vgic5_restore run is this one.
 * `attr` is meaningful where `group` is and `loop` is not LOOP_SYSREGS or LOOP_STATUS.
 */
struct vgic5_step {
    const char *id;   /* "S3", "R9d": unique within its direction */
    const char *name; /* "IRS_IST_BASER", "GRP_IST", … */
    enum vgic5_direction direction;
    enum vgic5_step_action action;
    uint32_t group; /* enum vgic5_group, or VGIC5_STEP_NO_GROUP */
    uint64_t attr;
    enum vgic5_step_loop loop;
    uint32_t profiles; /* VGIC5_PROFILE(abi) of those that have the step */
    const char *what;  /* what moves, in words */
    const char *why;   /* why it is there, and there */
};

/* The n-th step of a sequence in the order in which it runs: static, and the same pointer each
 * time. NULL past the last, or when there is no such abi or direction; then the length is 0. */
const struct vgic5_step *vgic5_plan_step(uint32_t abi, enum vgic5_direction direction, size_t n);
size_t vgic5_plan_length(uint32_t abi, enum vgic5_direction direction);
/* Must `other` have run before `step`? Both are from vgic5_plan_step; steps of two sequences do not
 * wait for each other. */
bool vgic5_step_needs(uint32_t abi, const struct vgic5_step *step, const struct vgic5_step *other);

/* "GRP_IRS_REGS", …; "-" for VGIC5_STEP_NO_GROUP; NULL for a number that is no group. */
const char *vgic5_group_name(uint32_t group);
/* "get", "set", "port", "vmm"; "once", "each PE", …; "v1", "7.4". Static; NULL: no such action,
 * loop, ABI. */
const char *vgic5_step_action_name(enum vgic5_step_action action);
const char *vgic5_step_loop_name(enum vgic5_step_loop loop);
const char *vgic5_abi_name(uint32_t abi);

/* ---- The neutral state ----------------------------------------------------------------------- */

/* Everything about one VGICv5 that is not in guest memory. It does not change once it is made; any
 * number of threads may read it. What the functions below return by pointer is the state's own. */
struct vgic5_state;

void vgic5_state_free(struct vgic5_state *state); /* NULL is allowed */

uint32_t vgic5_state_abi(const struct vgic5_state *state); /* of the device it came from */
uint64_t vgic5_state_addr(const struct vgic5_state *state);
uint32_t vgic5_state_nr_spis(const struct vgic5_state *state);
uint32_t vgic5_state_nr_vcpus(const struct vgic5_state *state);
/* Of the n-th vCPU in the order of creation; UINT32_MAX, which is no id: there are not as many. */
uint32_t vgic5_state_vcpu_id(const struct vgic5_state *state, uint32_t n);
/* A carried register by name ("IRS_IST_CFGR"; "ICC_APR", of the n-th vCPU): 0, or -ENOENT: there
 * is no such register, or no such vCPU. */
int vgic5_state_irs(const struct vgic5_state *state, const char *name, uint64_t *value);
int vgic5_state_icc(const struct vgic5_state *state, uint32_t n, const char *name, uint64_t *value);
/* An SPI's ISTE word, trigger mode and wire: 0, edge and low for one that does not exist. */
uint32_t vgic5_state_spi(const struct vgic5_state *state, uint32_t id, bool *level_triggered,
                         bool *wire);
/* The LPI image in INTID order, `*words` words, the state's own; NULL when guest memory has it
 * (v1), or when there is none. */
const uint32_t *vgic5_state_lpis(const struct vgic5_state *state, size_t *words);

/* Everything that can be said about a state without a device: ranges, counts, ids, reserved bits,
 * the registers against the state's own IDRs. 0, or -EBADMSG and DAMAGED: `error` names the
 * field. */
int vgic5_state_check(const struct vgic5_state *state, struct vgic5_error *error);

/* The guest's memory, for the check below: 0, -EFAULT where there is none, or another errno. */
struct vgic5_guest_reader {
    uint32_t size; /* sizeof(struct vgic5_guest_reader) of the caller */
    int (*read)(void *opaque, uint64_t ipa, void *to, size_t size);
    void *opaque;
};

/* The same, and where guest memory holds the LPIs (v1): every entry of the table, as a save leaves
 * it. What cannot be read is an entry that a restore could not adopt. 0; -EBADMSG, or what
 * `memory->read` answers but -EFAULT, and DAMAGED. */
int vgic5_state_check_memory(const struct vgic5_state *state,
                             const struct vgic5_guest_reader *memory, struct vgic5_error *error);

/*
 * Sections "gic" 0 (what is the machine's: ABI, address, SPI count, vCPU ids), "irs" 0, "spi" 0,
 * "lpi" 0 (profile 7.4 with an LPI IST) and "icc" <vCPU id>. From a snapshot a state comes only if
 * vgic5_state_check finds nothing; `*state` is then the caller's to free, and is not to be used
 * after a failure.
 * Errors: of the writer, and -ENOMEM; from a snapshot -EBADMSG and DAMAGED (damage, a
 * contradiction), -ENOTSUP and UNFIT (an unknown version or field), -ENOMEM.
 */
int vgic5_state_to_snapshot(const struct vgic5_state *state, struct vgic5_snapshot_writer *writer,
                            struct vgic5_error *error);
int vgic5_state_from_snapshot(const struct vgic5_snapshot *snapshot, struct vgic5_state **state,
                              struct vgic5_error *error);
/* The types of these sections, for vgic5_snapshot_require_known; NULL-terminated. */
const char *const *vgic5_state_section_types(void);

/* ---- Save and restore ------------------------------------------------------------------------ */

/* How the engine behaves; NULL or zero members are the defaults in brackets. */
struct vgic5_migration_options {
    uint32_t size;        /* sizeof(struct vgic5_migration_options) of the caller */
    uint32_t ist_retries; /* how often GRP_IST is tried again after EBUSY [16] */
    /* Between two tries, counted from 1: give the VM time. NULL: try again at once. Not 0: give up
     * with that errno. */
    int (*wait)(void *opaque, uint32_t attempt);
    /* A step is about to run. */
    void (*step)(void *opaque, const struct vgic5_step *step);
    /* One sentence about something that a person should know, and that stops nothing. */
    void (*warn)(void *opaque, const char *message);
    void *opaque;
};

/*
 * Save. The vCPUs are stopped and the devices are quiet; guest memory must be serialised after it,
 * since the LPIs may be written there. The source is as it was before, whatever the outcome, and
 * can go on, unless its VM is dead.
 * `*state` is the caller's to free; it is not to be used after a failure.
 * Errors, GIVEN_UP: the device's errno (it refused, or did not become quiet); -EBADMSG (what it
 * says contradicts itself); -ENOTSUP (it is of another generation than port->abi says). VM_DEAD: it
 * answers EIO to everything since the first failure, whose errno is returned, so that its VM cannot
 * go on. -ENOMEM; -EINVAL.
 */
int vgic5_save(const struct vgic5_port *port, const struct vgic5_migration_options *options,
               struct vgic5_state **state, struct vgic5_error *error);

/*
 * Would this state fit this target? Nothing is changed. The target is a device that has not run;
 * ADDR, NR_IRQS and its vCPUs may be set already, to the same values.
 * Errors: -EBADMSG and DAMAGED (vgic5_state_check), -ENOTSUP and UNFIT (it does not fit; the
 * message names the field), -EBUSY and UNFIT (a vCPU of it has run, or runs), the port's errno and
 * ENVIRONMENT (it cannot be asked), -EINVAL.
 */
int vgic5_restore_check(const struct vgic5_port *port, const struct vgic5_state *state,
                        struct vgic5_error *error);

/*
 * Restore, after vgic5_state_check and vgic5_restore_check, which refuse before anything is
 * changed. Guest memory has been loaded. A restore that fails after these checks has used the
 * target up: destroy it. What is no state of the device is the VMM's to do: SCTLR_EL1.NMI
 * (vgic5_vcpu_set_nmi), its timers' and devices' lines.
 * Errors: those of the checks; the device's errno and UNFIT, but ENVIRONMENT for -ENOMEM, -ENOSPC,
 * -ETIMEDOUT and -EIO, and VM_DEAD where it answers EIO to everything from then on; -ENOTSUP and
 * UNFIT (it is of another generation than port->abi says).
 */
int vgic5_restore(const struct vgic5_port *port, const struct vgic5_state *state,
                  const struct vgic5_migration_options *options, struct vgic5_error *error);

#ifdef __cplusplus
}
#endif
#endif
