/* SPDX-License-Identifier: BSD-3-Clause */
#include "state_edits.h"

#include <stdlib.h>
#include <string.h>

#include <vgic5/migration.h>

#include "kit/vmm.h"

#define RAM_SIZE 0x20000u
#define NR_VCPUS 2u
#define MOST_SECTIONS 16u
#define MOST_EDITS 6u

/* ---- A VGICv5 and its guest ------------------------------------------------------------------ */

static struct vgic5_config config_of(uint32_t abi)
{
    return (struct vgic5_config){
        .size = sizeof(struct vgic5_config), .abi = abi, .lpi_id_bits = 10};
}

/* Some of everything: pending and active, of each kind, on each PE. */
static bool make_busy(struct vmm *vmm, uint32_t abi)
{
    static const uint32_t ids[NR_VCPUS] = {0, 3};
    const struct vgic5_config config = config_of(abi);

    if (!vmm_prepare(vmm, 0, RAM_SIZE) ||
        vmm_build(vmm, &(struct vmm_shape){
                           .config = &config, .nr_vcpus = NR_VCPUS, .ids = ids, .nr_spis = 64}))
        return false;
    vmm_mmio_write(vmm, VGIC5_IRS_IST_CFGR, 4, 8);
    vmm_mmio_write(vmm, VGIC5_IRS_IST_BASER, 8, (VMM_RAM_BASE + 0x1000) | 1);
    vmm_mmio_write(vmm, VGIC5_IRS_CR0, 4, 1);
    for (uint32_t n = 0; n < NR_VCPUS; n++) {
        struct vgic5_vcpu *vcpu = vmm->vcpu[n];

        vmm_msr(vcpu, VGIC5_ICC_PCR, 31);
        vmm_msr(vcpu, VGIC5_ICC_CR0, 1);
        for (uint64_t id = n; id < 40; id += 7) {
            vmm_msr(vcpu, VGIC5_CDEN, VGIC5_INTID(VGIC5_LPI, id));
            vmm_msr(vcpu, VGIC5_CDPEND, VGIC5_INTID(VGIC5_LPI, id) | VGIC5_CDPEND_PENDING);
            vmm_msr(vcpu, VGIC5_CDEN, VGIC5_INTID(VGIC5_SPI, id));
            vgic5_irq_line(vmm->device, VGIC5_IRQ_SPI(id), true);
        }
        vmm_mrs(vcpu, VGIC5_CDIA);
    }
    return true;
}

/* ---- Edits ----------------------------------------------------------------------------------- */

struct draft {
    char type[32];
    uint64_t instance;
    uint32_t version;
    bool required, gone;
    struct vgic5_fields *fields;
};

struct drafts {
    struct draft all[MOST_SECTIONS];
    size_t n;
};

static uint64_t take_value(struct fuzz_input *input, uint64_t before)
{
    switch (fuzz_take(input, 1) % 4) {
    case 0:
        return before ^ UINT64_C(1) << fuzz_take(input, 1) % 64;
    case 1:
        return fuzz_take(input, 1);
    case 2:
        return fuzz_take(input, 4);
    default:
        return fuzz_take(input, 8);
    }
}

static void put_bytes(struct fuzz_input *input, struct vgic5_fields *to,
                      const struct vgic5_field *field)
{
    size_t size = field->size;
    uint8_t *bytes = calloc(1, size + 1);

    if (!bytes)
        return;
    memcpy(bytes, field->bytes, size);
    if (fuzz_take(input, 1) % 8 == 0)
        size = size * (size_t)fuzz_take(input, 1) / 256;
    for (unsigned n = 0; size && n < 4; n++)
        bytes[fuzz_take(input, 2) % size] ^= (uint8_t)fuzz_take(input, 1);
    vgic5_fields_put_bytes(to, field->name, field->id, bytes, size);
    free(bytes);
}

static void put(struct vgic5_fields *to, const struct vgic5_field *field)
{
    if (field->kind == VGIC5_FIELD_U64)
        vgic5_fields_put_u64(to, field->name, field->id, field->u64);
    else if (field->kind == VGIC5_FIELD_TEXT)
        vgic5_fields_put_text(to, field->name, field->id, field->bytes);
    else
        vgic5_fields_put_bytes(to, field->name, field->id, field->bytes, field->size);
}

static void put_other(struct fuzz_input *input, struct vgic5_fields *to,
                      const struct vgic5_field *field)
{
    static const char *const texts[] = {"v1", "7.4", "v2", ""};

    if (field->kind == VGIC5_FIELD_U64)
        vgic5_fields_put_u64(to, field->name, field->id, take_value(input, field->u64));
    else if (field->kind == VGIC5_FIELD_TEXT)
        vgic5_fields_put_text(to, field->name, field->id, texts[fuzz_take(input, 1) % 4]);
    else
        put_bytes(input, to, field);
}

/* One field other, missing, under another id, or one more. */
static void edit_fields(struct fuzz_input *input, struct draft *part)
{
    struct vgic5_fields *to = vgic5_fields_new();
    size_t count = vgic5_fields_count(part->fields), at = fuzz_take(input, 1) % (count + 1);
    uint8_t how = (uint8_t)fuzz_take(input, 1) % 16;

    for (size_t n = 0; to && n < count; n++) {
        struct vgic5_field field = *vgic5_fields_at(part->fields, n);

        if (n == at && how == 0)
            continue;
        if (n == at && how == 1)
            field.id = fuzz_take(input, 2);
        if (n == at && how > 1)
            put_other(input, to, &field);
        else
            put(to, &field);
    }
    if (to && at == count)
        vgic5_fields_put_u64(to, "MORE", 0, 1);
    if (to && vgic5_fields_error(to) == 0) {
        vgic5_fields_free(part->fields);
        part->fields = to;
    } else {
        vgic5_fields_free(to);
    }
}

static void edit(struct fuzz_input *input, struct drafts *parts)
{
    struct draft *part = &parts->all[fuzz_take(input, 1) % parts->n];

    switch (fuzz_take(input, 1) % 32) {
    case 0:
        part->gone = true;
        break;
    case 1:
        part->version = (uint32_t)fuzz_take(input, 1);
        break;
    case 2:
        part->required = !part->required;
        break;
    case 3:
        part->instance = take_value(input, part->instance);
        break;
    default:
        edit_fields(input, part);
    }
}

/* ---- State to parts to file ------------------------------------------------------------------ */

static int write_state(const struct vgic5_state *state, struct fuzz_file *file)
{
    struct vgic5_snapshot_writer *writer;
    int ret = vgic5_snapshot_begin(fuzz_sink(file), "state", &writer, NULL);

    if (ret)
        return ret;
    ret = vgic5_state_to_snapshot(state, writer, NULL);
    if (ret == 0)
        return vgic5_snapshot_end(writer, NULL);
    vgic5_snapshot_abort(writer);
    return ret;
}

static void take_parts(const struct vgic5_state *state, struct drafts *parts)
{
    struct fuzz_file file = {0};
    struct fuzz_reading reading;
    struct vgic5_snapshot *snapshot = NULL;

    parts->n = 0;
    if (write_state(state, &file) == 0 && fuzz_open(true, &reading, &file, &snapshot, NULL) == 0) {
        for (; parts->n < vgic5_snapshot_nr_sections(snapshot) && parts->n < MOST_SECTIONS;
             parts->n++) {
            const struct vgic5_section *section = vgic5_snapshot_section(snapshot, parts->n);
            struct draft *part = &parts->all[parts->n];

            *part = (struct draft){.instance = section->instance,
                                   .version = section->version,
                                   .required = section->required,
                                   .fields = vgic5_fields_new()};
            strcpy(part->type, section->type);
            for (size_t n = 0; part->fields && n < vgic5_fields_count(section->fields); n++)
                put(part->fields, vgic5_fields_at(section->fields, n));
        }
        vgic5_snapshot_close(snapshot);
    }
    free(file.bytes);
}

static void write_parts(const struct drafts *parts, struct fuzz_file *file)
{
    struct vgic5_snapshot_writer *writer;
    int ret = vgic5_snapshot_begin(fuzz_sink(file), "edited", &writer, NULL);

    for (size_t n = 0; n < parts->n && ret == 0; n++) {
        const struct draft *part = &parts->all[n];

        if (!part->gone && part->fields) /* two of the same name: the second is refused */
            vgic5_snapshot_put_fields(writer, part->type, part->instance, part->version,
                                      part->required, part->fields, NULL);
    }
    if (ret || vgic5_snapshot_end(writer, NULL))
        file->failed = true;
}

void fuzz_edit_state(struct fuzz_input *input, struct fuzz_guest *guest, struct fuzz_file *file)
{
    uint32_t abi = fuzz_take(input, 1) % 2 ? VGIC5_ABI_V1 : VGIC5_ABI_7_4;
    unsigned edits = (unsigned)fuzz_take(input, 1) % MOST_EDITS;
    struct vgic5_state *state = NULL;
    struct drafts parts = {.n = 0};
    struct vgic5_port port;
    struct vmm vmm;

    if (make_busy(&vmm, abi)) {
        vgic5_port_model(vmm.device, &port);
        if (vgic5_save(&port, NULL, &state, NULL) == 0)
            take_parts(state, &parts);
    }
    while (parts.n && input->left && edits--)
        edit(input, &parts);
    write_parts(&parts, file);
    for (size_t n = 0; n < parts.n; n++)
        vgic5_fields_free(parts.all[n].fields);
    vgic5_state_free(state);
    vgic5_destroy(vmm.device);
    guest->ram = vmm.ram;
}

/* ---- Restored -------------------------------------------------------------------------------- */

static void warned(void *opaque, const char *message)
{
    (void)message;
    *(bool *)opaque = true;
}

/* What is status in one device, and was state in the edited file: the link of a CPU interface,
 * which is always up here. */
static bool has_other_status(const struct vgic5_state *state)
{
    uint64_t cr0 = 0;

    for (uint32_t n = 0; n < vgic5_state_nr_vcpus(state); n++)
        if (vgic5_state_icc(state, n, "ICC_CR0", &cr0) == 0 && (cr0 & 6) != 6)
            return true;
    return false;
}

static void save_again(struct vgic5 *device, const struct vgic5_state *state,
                       void (*complain)(const char *what))
{
    struct fuzz_file before = {0}, after = {0};
    struct vgic5_state *again;
    struct vgic5_error error = {0};
    struct vgic5_port port;

    vgic5_port_model(device, &port);
    if (vgic5_save(&port, NULL, &again, &error)) {
        complain(error.message);
        return;
    }
    if (write_state(state, &before) || write_state(again, &after))
        complain("a state cannot be written");
    else if (!has_other_status(state) &&
             (before.size != after.size || memcmp(before.bytes, after.bytes, before.size)))
        complain("a restored device saves another state");
    free(before.bytes);
    free(after.bytes);
    vgic5_state_free(again);
}

/* The guest's memory is a copy: what is restored writes there. */
static void copy_guest(struct vmm *vmm, const struct fuzz_guest *guest)
{
    vmm->ram_is_gone = !vmm_prepare(vmm, 0, RAM_SIZE) || !guest->ram;
    if (!vmm->ram_is_gone)
        memcpy(vmm->ram, guest->ram, RAM_SIZE);
}

static void restore(struct vmm *vmm, const struct vgic5_state *state,
                    void (*complain)(const char *what))
{
    const struct vgic5_guest_reader reader = {sizeof(reader), vmm_read_guest, vmm};
    bool told = false;
    const struct vgic5_migration_options options = {
        .size = sizeof(options), .warn = warned, .opaque = &told};
    const struct vgic5_config config = config_of(vgic5_state_abi(state));
    struct vgic5_error error = {0};
    struct vgic5_port port;

    if (vmm_create_device(vmm, &config, NULL) || vgic5_state_check_memory(state, &reader, &error))
        return;
    vgic5_port_model(vmm->device, &port);
    if (vgic5_restore(&port, state, &options, &error) == 0 && !told)
        save_again(vmm->device, state, complain);
    else if (!told && error.cause != VGIC5_CAUSE_UNFIT)
        complain(error.message);
}

void fuzz_restore(const struct vgic5_snapshot *snapshot, const struct fuzz_guest *guest,
                  void (*complain)(const char *what))
{
    struct vgic5_error error = {0};
    struct vgic5_state *state;
    struct vmm vmm;

    if (vgic5_state_from_snapshot(snapshot, &state, &error)) {
        if (error.cause != VGIC5_CAUSE_DAMAGED && error.cause != VGIC5_CAUSE_UNFIT)
            complain("a state is refused with another exit code than 4 and 5");
        return;
    }
    copy_guest(&vmm, guest);
    restore(&vmm, state, complain);
    if (!vmm_drop_device(&vmm))
        complain("the device has kept memory");
    vgic5_state_free(state);
    vmm_free_ram(&vmm);
}
