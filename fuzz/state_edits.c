/* SPDX-License-Identifier: BSD-3-Clause */
#include "state_edits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <vgic5/device.h>
#include <vgic5/migration.h>

#define RAM_BASE UINT64_C(0x40000000)
#define RAM_SIZE 0x20000u
#define IRS_BASE UINT64_C(0x08010000)
#define NR_VCPUS 2u
#define MOST_SECTIONS 16u
#define MOST_EDITS 6u

/* ---- A VGICv5 and its guest ------------------------------------------------------------------ */

static int read_guest(void *opaque, uint64_t ipa, void *to, size_t size)
{
    const struct fuzz_guest *guest = opaque;

    if (!guest->ram || ipa < RAM_BASE || ipa - RAM_BASE > RAM_SIZE ||
        size > RAM_SIZE - (ipa - RAM_BASE))
        return -EFAULT;
    memcpy(to, guest->ram + (ipa - RAM_BASE), size);
    return 0;
}

static int write_guest(void *opaque, uint64_t ipa, const void *from, size_t size)
{
    struct fuzz_guest *guest = opaque;

    if (!guest->ram || ipa < RAM_BASE || ipa - RAM_BASE > RAM_SIZE ||
        size > RAM_SIZE - (ipa - RAM_BASE))
        return -EFAULT;
    memcpy(guest->ram + (ipa - RAM_BASE), from, size);
    return 0;
}

static void line(void *opaque, uint32_t vcpu_id, enum vgic5_line level)
{
    (void)opaque;
    (void)vcpu_id;
    (void)level;
}

static struct vgic5 *create(uint32_t abi, struct fuzz_guest *guest)
{
    const struct vgic5_config config = {.size = sizeof(config), .abi = abi, .lpi_id_bits = 10};
    const struct vgic5_host host = {
        .size = sizeof(host), .read_guest = read_guest, .write_guest = write_guest, .line = line};
    struct vgic5 *device;

    return vgic5_create(&config, &host, guest, &device) == 0 ? device : NULL;
}

static void set(struct vgic5 *device, uint32_t group, uint64_t attr, const void *payload)
{
    const struct vgic5_attr to = {.group = group, .attr = attr, .addr = (uintptr_t)payload};

    vgic5_set_attr(device, &to);
}

static void mmio(struct vgic5 *device, uint64_t offset, uint8_t size, uint64_t value)
{
    struct vgic5_mmio access = {.offset = offset, .size = size, .value = value, .is_write = true};

    vgic5_mmio(device, &access);
}

static void write_register(struct vgic5_vcpu *vcpu, uint16_t encoding, uint64_t value)
{
    vgic5_cpu_access(vcpu, encoding, true, &value);
}

/* Some of everything: pending and active, of each kind, on each PE. */
static void make_busy(struct vgic5 *device)
{
    const uint32_t nr_spis = 64;
    const uint64_t base = IRS_BASE;

    for (uint32_t n = 0; n < NR_VCPUS; n++)
        vgic5_add_vcpu(device, 3 * n);
    set(device, VGIC5_GRP_NR_IRQS, 0, &nr_spis);
    set(device, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, &base);
    set(device, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL);
    mmio(device, VGIC5_IRS_IST_CFGR, 4, 8);
    mmio(device, VGIC5_IRS_IST_BASER, 8, (RAM_BASE + 0x1000) | 1);
    mmio(device, 0x080, 4, 1);
    for (uint32_t n = 0; n < NR_VCPUS; n++) {
        struct vgic5_vcpu *vcpu = vgic5_vcpu(device, 3 * n);
        uint64_t intid;

        write_register(vcpu, VGIC5_ICC_PCR, 31);
        write_register(vcpu, VGIC5_ICC_CR0, 1);
        for (uint64_t id = n; id < 40; id += 7) {
            write_register(vcpu, VGIC5_CDEN, VGIC5_INTID(VGIC5_LPI, id));
            write_register(vcpu, VGIC5_CDPEND, VGIC5_INTID(VGIC5_LPI, id) | VGIC5_CDPEND_PENDING);
            write_register(vcpu, VGIC5_CDEN, VGIC5_INTID(VGIC5_SPI, id));
            vgic5_irq_line(device, VGIC5_IRQ_SPI(id), true);
        }
        vgic5_cpu_access(vcpu, VGIC5_CDIA, false, &intid);
    }
}

/* ---- Edits ----------------------------------------------------------------------------------- */

struct part {
    char type[32];
    uint64_t instance;
    uint32_t version;
    bool required, gone;
    struct vgic5_fields *fields;
};

struct parts {
    struct part all[MOST_SECTIONS];
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
static void edit_fields(struct fuzz_input *input, struct part *part)
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

static void edit(struct fuzz_input *input, struct parts *parts)
{
    struct part *part = &parts->all[fuzz_take(input, 1) % parts->n];

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

static void take_parts(const struct vgic5_state *state, struct parts *parts)
{
    struct fuzz_file file = {0};
    struct fuzz_reading reading;
    struct vgic5_snapshot *snapshot = NULL;

    parts->n = 0;
    if (write_state(state, &file) == 0 && fuzz_open(true, &reading, &file, &snapshot, NULL) == 0) {
        for (; parts->n < vgic5_snapshot_nr_sections(snapshot) && parts->n < MOST_SECTIONS;
             parts->n++) {
            const struct vgic5_section *section = vgic5_snapshot_section(snapshot, parts->n);
            struct part *part = &parts->all[parts->n];

            *part = (struct part){.instance = section->instance,
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

static void write_parts(const struct parts *parts, struct fuzz_file *file)
{
    struct vgic5_snapshot_writer *writer;
    int ret = vgic5_snapshot_begin(fuzz_sink(file), "edited", &writer, NULL);

    for (size_t n = 0; n < parts->n && ret == 0; n++) {
        const struct part *part = &parts->all[n];

        if (!part->gone && part->fields) /* two of the same name: the second is refused */
            vgic5_snapshot_put_fields(writer, part->type, part->instance, part->version,
                                      part->required, part->fields, NULL);
    }
    if (ret || vgic5_snapshot_end(writer, NULL))
        file->failed = true;
}

void fuzz_edit_state(struct fuzz_input *input, struct fuzz_guest *guest, struct fuzz_file *file)
{
    struct vgic5 *device = create(fuzz_take(input, 1) % 2 ? VGIC5_ABI_V1 : VGIC5_ABI_7_4, guest);
    struct vgic5_state *state = NULL;
    struct parts parts = {.n = 0};
    unsigned edits = (unsigned)fuzz_take(input, 1) % MOST_EDITS;
    struct vgic5_port port;

    guest->ram = calloc(1, RAM_SIZE);
    if (device && guest->ram) {
        make_busy(device);
        vgic5_port_model(device, &port);
        if (vgic5_save(&port, NULL, &state, NULL) == 0)
            take_parts(state, &parts);
    }
    while (parts.n && input->left && edits--)
        edit(input, &parts);
    write_parts(&parts, file);
    for (size_t n = 0; n < parts.n; n++)
        vgic5_fields_free(parts.all[n].fields);
    vgic5_state_free(state);
    vgic5_destroy(device);
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

void fuzz_restore(const struct vgic5_snapshot *snapshot, const struct fuzz_guest *guest,
                  void (*complain)(const char *what))
{
    struct fuzz_guest copy = {.ram = guest->ram ? malloc(RAM_SIZE) : NULL};
    const struct vgic5_guest_reader reader = {sizeof(reader), read_guest, &copy};
    bool told = false;
    const struct vgic5_migration_options options = {
        .size = sizeof(options), .warn = warned, .opaque = &told};
    struct vgic5_error error = {0};
    struct vgic5_state *state;
    struct vgic5 *device;
    struct vgic5_port port;

    if (copy.ram)
        memcpy(copy.ram, guest->ram, RAM_SIZE);
    if (vgic5_state_from_snapshot(snapshot, &state, &error)) {
        if (error.cause != VGIC5_CAUSE_DAMAGED && error.cause != VGIC5_CAUSE_UNFIT)
            complain("a state is refused with another exit code than 4 and 5");
        free(copy.ram);
        return;
    }
    device = create(vgic5_state_abi(state), &copy);
    if (vgic5_state_check_memory(state, &reader, &error) == 0 && device) {
        vgic5_port_model(device, &port);
        if (vgic5_restore(&port, state, &options, &error) == 0 && !told)
            save_again(device, state, complain);
        else if (!told && error.cause != VGIC5_CAUSE_UNFIT)
            complain(error.message);
    }
    vgic5_destroy(device);
    vgic5_state_free(state);
    free(copy.ram);
}
