/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/look/inspect.h"

#include "facts/intid.h"
#include "tool/json.h"

static json_t *header_as_json(const struct vgic5_snapshot_header *header)
{
    return json_pack("{s:i, s:i, s:s, s:o, s:o, s:o}", "major", header->major, "minor",
                     header->minor, "producer", header->producer, "incompatible",
                     json_hex(header->incompatible), "compatible", json_hex(header->compatible),
                     "autoclear", json_hex(header->autoclear));
}

static json_t *sections_as_json(const struct vgic5_snapshot *snapshot)
{
    json_t *sections = json_array();

    for (size_t n = 0; n < vgic5_snapshot_nr_sections(snapshot); n++) {
        const struct vgic5_section *section = vgic5_snapshot_section(snapshot, n);
        bool known = load_knows_section(section);

        json_array_append_new(
            sections,
            json_pack("{s:s, s:o, s:i, s:b, s:b, s:o, s:o}", "type", section->type, "instance",
                      json_hex(section->instance), "version", (int)section->version, "required",
                      (int)section->required, "known", (int)known, "offset",
                      json_hex(section->offset), "size", json_hex(section->size)));
    }
    return sections;
}

static json_t *memory_as_json(const struct vgic5_chain *chain)
{
    struct memory_summary memory = inspection_memory(chain);

    return json_pack("{s:o, s:o, s:I, s:I, s:I, s:o, s:I}", "base", json_hex(memory.base), "size",
                     json_hex(memory.size), "frames", (json_int_t)memory.frames, "pages",
                     (json_int_t)memory.pages, "zero_pages", (json_int_t)memory.zero_pages,
                     "stored", json_hex(memory.bytes), "builds_on", (json_int_t)memory.nr_bases);
}

static json_t *kinds_as_json(const struct picture *picture)
{
    json_t *object = json_object();

    for (uint32_t type = VGIC5_PPI; type <= VGIC5_SPI; type++)
        json_object_set_new(object, intid_type_name(VGIC5_INTID(type, 0)),
                            json_pack("{s:I, s:I}", "pending", (json_int_t)picture->pending[type],
                                      "active", (json_int_t)picture->active[type]));
    return object;
}

static json_t *interrupt_as_json(const struct picture *picture,
                                 const struct picture_interrupt *interrupt)
{
    struct picture_reason reason = picture_why(picture, interrupt);

    return json_pack(
        "{s:s, s:I, s:o, s:b, s:b, s:b, s:i, s:i, s:o, s:b, s:b, s:s, s:s}", "type",
        intid_type_name(interrupt->intid), "id", (json_int_t)VGIC5_INTID_ID(interrupt->intid),
        "intid", json_hex(interrupt->intid), "pending", (int)interrupt->pending, "active",
        (int)interrupt->active, "enabled", (int)interrupt->enabled, "priority", interrupt->priority,
        "iaffid", interrupt->iaffid, "vcpu",
        interrupt->vcpu < picture->nr_vcpus ? json_integer(picture->vcpus[interrupt->vcpu].id)
                                            : json_null(),
        "level", (int)interrupt->level, "wire", (int)interrupt->wire, "reason", reason.word, "why",
        reason.sentence);
}

static json_t *next_as_json(const struct picture *picture, uint32_t n)
{
    const struct picture_interrupt *next;
    struct picture_reason reason = picture_why_next(picture, n, &next);

    if (next)
        return interrupt_as_json(picture, next);
    return json_pack("{s:s, s:s}", "reason", reason.word, "why", reason.sentence);
}

static const char *line_name(enum vgic5_line line)
{
    return line == VGIC5_LINE_NONE ? "none" : line == VGIC5_LINE_IRQ ? "irq" : "superpriority";
}

static json_t *vcpu_as_json(const struct picture *picture, uint32_t n)
{
    const struct picture_vcpu *vcpu = &picture->vcpus[n];

    return json_pack("{s:I, s:I, s:I, s:o, s:s, s:b, s:i, s:o, s:b, s:b, s:b, s:o}", "id",
                     (json_int_t)vcpu->id, "pending", (json_int_t)vcpu->pending, "active",
                     (json_int_t)vcpu->active, "running_priority",
                     vcpu->running_priority < 0 ? json_null()
                                                : json_integer(vcpu->running_priority),
                     "line", line_name(vcpu->line), "en", (int)vcpu->enabled, "pcr", vcpu->pcr,
                     "apr", json_hex(vcpu->apr), "on", (int)vcpu->on, "wfi", (int)vcpu->wfi,
                     "pstate_i", (int)vcpu->masked, "next", next_as_json(picture, n));
}

static void add_picture(const struct inspection *inspection, json_t *root)
{
    const struct machine_config *config = &inspection->loaded.config;
    const struct picture *picture = &inspection->picture;
    json_t *vcpus = json_array(), *interrupts = json_array();

    for (uint32_t n = 0; n < picture->nr_vcpus; n++)
        if (inspection_wants_vcpu(inspection, n))
            json_array_append_new(vcpus, vcpu_as_json(picture, n));
    for (size_t n = 0; n < picture->nr_interrupts; n++)
        if (inspection_wants_interrupt(inspection, &picture->interrupts[n]))
            json_array_append_new(interrupts, interrupt_as_json(picture, &picture->interrupts[n]));
    json_object_set_new(root, "vcpus", vcpus);
    json_object_set_new(root, "interrupts", interrupts);
    json_object_set_new(root, "in_flight", kinds_as_json(picture));
    json_object_set_new(root, "irs",
                        json_pack("{s:b, s:b, s:o, s:I, s:I}", "irsen", (int)picture->irsen,
                                  "ist_valid", (int)picture->ist_valid, "ist_base",
                                  json_hex(picture->ist_baser & ~UINT64_C(63)), "lpis",
                                  (json_int_t)picture->nr_lpis, "unreachable_lpis",
                                  (json_int_t)picture->nr_unreachable));
    json_object_set_new(
        root, "machine",
        json_pack("{s:I, s:o, s:I, s:s, s:b}", "vcpus", (json_int_t)config->nr_vcpus, "ram_size",
                  json_hex(config->ram_size), "spis", (json_int_t)config->nr_spis, "abi",
                  vgic5_abi_name(config->gic.abi), "deterministic", (int)config->deterministic));
}

int inspect_json(const struct inspection *inspection)
{
    const struct vgic5_snapshot *snapshot = inspection_snapshot(inspection);
    const struct vgic5_chain *chain =
        inspection->has_picture ? inspection->loaded.chain : inspection->chain;
    json_t *root = json_pack("{s:s, s:o}", "schema", "vgic5.inspect/1", "header",
                             header_as_json(&inspection->header));

    if (snapshot) {
        json_object_set_new(root, "sections", sections_as_json(snapshot));
        json_object_set_new(root, "memory", memory_as_json(chain));
        json_object_set_new(root, "instructions", json_hex(inspection_instructions(snapshot)));
    }
    if (inspection->has_picture)
        add_picture(inspection, root);
    if (inspection->error.cause != VGIC5_CAUSE_NONE)
        json_object_set_new(root, "error", json_words(inspection->error.message));
    return json_print(root);
}
