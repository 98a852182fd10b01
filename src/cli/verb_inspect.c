/* SPDX-License-Identifier: BSD-3-Clause */
/* Says what a snapshot holds: its sections, its machine, and what was in flight. */
#include <inttypes.h>

#include "in_flight.h"
#include "json.h"
#include "report.h"

static const struct {
    enum vgic5_type type;
    const char *name;
} kinds[] = { { VGIC5_PPI, "ppi" }, { VGIC5_SPI, "spi" }, { VGIC5_LPI, "lpi" } };

#define NR_KINDS (sizeof kinds / sizeof *kinds)

static const char *line_name(enum vgic5_line line)
{
    return line == VGIC5_LINE_NONE ? "none" : line == VGIC5_LINE_IRQ ? "irq" : "superpriority";
}

static uint64_t instructions_of(const struct loaded *loaded)
{
    const struct vgic5_section *clock = vgic5_snapshot_find(loaded->snapshot, "clock", 0);
    uint64_t instructions = 0;

    if (clock != NULL)
        vgic5_fields_get_u64(clock->fields, "clock", "INSTRUCTIONS", &instructions, NULL);
    return instructions;
}

static json_t *sections_as_json(const struct vgic5_snapshot *snapshot)
{
    json_t *sections = json_array();

    for (size_t n = 0; n < vgic5_snapshot_nr_sections(snapshot); n++) {
        const struct vgic5_section *section = vgic5_snapshot_section(snapshot, n);

        json_array_append_new(sections,
            json_pack("{s:s, s:o, s:i, s:b, s:o, s:o}", "type", section->type, "instance",
                      json_hex(section->instance), "version", (int)section->version, "required",
                      (int)section->required, "offset", json_hex(section->offset), "size",
                      json_hex(section->size)));
    }
    return sections;
}

static json_t *kinds_as_json(const struct in_flight *flight)
{
    json_t *object = json_object();

    for (size_t k = 0; k < NR_KINDS; k++)
        json_object_set_new(object, kinds[k].name,
                            json_pack("{s:I, s:I}", "pending",
                                      (json_int_t)flight->pending[kinds[k].type], "active",
                                      (json_int_t)flight->active[kinds[k].type]));
    return object;
}

static json_t *vcpus_as_json(const struct in_flight *flight)
{
    json_t *vcpus = json_array();

    for (uint32_t n = 0; n < flight->nr_vcpus; n++) {
        const struct in_flight_vcpu *vcpu = &flight->vcpus[n];

        json_array_append_new(vcpus,
            json_pack("{s:I, s:I, s:I, s:o, s:s}", "id", (json_int_t)vcpu->id, "pending",
                      (json_int_t)vcpu->pending, "active", (json_int_t)vcpu->active,
                      "running_priority", vcpu->running_priority < 0 ? json_null()
                                          : json_integer(vcpu->running_priority),
                      "line", line_name(vcpu->line)));
    }
    return vcpus;
}

static int print_json(const struct loaded *loaded, const struct in_flight *flight)
{
    const struct machine_config *config = &loaded->config;

    return json_print(json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:{s:I, s:o, s:I, s:s, s:b}}", "schema", "vgic5.inspect/1",
        "instructions", json_hex(instructions_of(loaded)), "sections",
        sections_as_json(loaded->snapshot), "in_flight", kinds_as_json(flight), "vcpus",
        vcpus_as_json(flight), "machine", "vcpus", (json_int_t)config->nr_vcpus, "ram_size",
        json_hex(config->ram_size), "spis", (json_int_t)config->nr_spis, "abi",
        vgic5_abi_name(config->gic.abi), "deterministic", (int)config->deterministic));
}

static int print_words(const struct loaded *loaded, const struct in_flight *flight)
{
    const struct machine_config *config = &loaded->config;

    printf("machine: %" PRIu32 " vCPUs, %" PRIu64 " MiB RAM, %" PRIu32 " SPIs, abi %s, %s; at "
           "instruction %" PRIu64 "\n",
           config->nr_vcpus, config->ram_size >> 20, config->nr_spis,
           vgic5_abi_name(config->gic.abi), config->deterministic ? "deterministic" : "real time",
           instructions_of(loaded));
    for (size_t k = 0; k < NR_KINDS; k++)
        printf("%s: %" PRIu32 " pending, %" PRIu32 " active\n", kinds[k].name,
               flight->pending[kinds[k].type], flight->active[kinds[k].type]);
    for (uint32_t n = 0; n < flight->nr_vcpus; n++) {
        const struct in_flight_vcpu *vcpu = &flight->vcpus[n];

        printf("vCPU %" PRIu32 ": %" PRIu32 " pending, %" PRIu32 " active, line %s, ", vcpu->id,
               vcpu->pending, vcpu->active, line_name(vcpu->line));
        if (vcpu->running_priority < 0)
            printf("idle\n");
        else
            printf("running priority %d\n", vcpu->running_priority);
    }
    for (size_t n = 0; n < vgic5_snapshot_nr_sections(loaded->snapshot); n++) {
        const struct vgic5_section *section = vgic5_snapshot_section(loaded->snapshot, n);

        printf("section %-8s %3" PRIu64 ": offset 0x%" PRIx64 ", %" PRIu64 " bytes\n",
               section->type, section->instance, section->offset, section->size);
    }
    return EXIT_DONE;
}

int verb_inspect(const struct cli_options *options)
{
    struct vgic5_error error = { 0 };
    struct in_flight flight;
    struct loaded loaded;
    int status;

    if (load_open(options->operand, &loaded, &error) != 0)
        return report_error(VERB_inspect, &error);
    if (in_flight_of(&loaded, &flight, &error) != 0) {
        status = report_error(VERB_inspect, &error);
    } else {
        status = options->json ? print_json(&loaded, &flight) : print_words(&loaded, &flight);
        in_flight_free(&flight);
    }
    load_close(&loaded);
    return status;
}
