/* SPDX-License-Identifier: BSD-3-Clause */
/* What comes out of the UART, and what goes in. */
#include "machine/machine_parts.h"

void machine_flush_output(struct machine *machine)
{
    struct printer *printer = &machine->printer;

    if (printer->n > 0 && machine->console.output)
        machine->console.output(machine->console.opaque, printer->bytes, printer->n);
    printer->n = 0;
}

static void look_for_text(struct machine *machine, uint8_t byte)
{
    struct printer *printer = &machine->printer;

    if (!printer->text || printer->found)
        return;
    printer->matched = text_match(printer->text, printer->matched, (char)byte);
    if (printer->text[printer->matched] != '\0')
        return;
    printer->found = true;
    machine->clock.run.check_at = 0;
    if (machine->cpus[machine->current].pe.vcpu)
        vcpu_attention(machine->cpus[machine->current].pe.vcpu);
}

void machine_print(void *opaque, uint8_t byte)
{
    struct machine *machine = opaque;
    struct printer *printer = &machine->printer;

    printer->bytes[printer->n++] = byte;
    if (byte == '\n' || printer->n == sizeof(printer->bytes))
        machine_flush_output(machine);
    look_for_text(machine, byte);
    panic_printed(&machine->panic, byte, machine->cpus[machine->current].pe.id);
}

bool machine_awaits_input(const struct machine *machine)
{
    const struct machine_console *console = &machine->console;

    return console->input && pl011_input_room(machine->uart) > 0 &&
           pl011_listens(machine->uart, vgic5_spi_enabled(machine->gic, SPI_PL011)) &&
           !(console->input_ended && console->input_ended(console->opaque));
}

bool machine_poll_input(struct machine *machine)
{
    uint8_t bytes[32];
    size_t room = pl011_input_room(machine->uart);
    size_t n;

    if (!machine_awaits_input(machine))
        return false;
    n = machine->console.input(machine->console.opaque, bytes,
                               room < sizeof(bytes) ? room : sizeof(bytes));
    if (n == 0)
        return false;
    pl011_input(machine->uart, bytes, n);
    machine->input_bytes += n;
    return true;
}
