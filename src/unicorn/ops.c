/* SPDX-License-Identifier: BSD-3-Clause */
#include "unicorn/engine.h"

const struct vcpu_engine_ops unicorn_engine = {
    .name = unicorn_name,
    .model = unicorn_model,
    .create = unicorn_engine_create,
    .destroy = unicorn_engine_destroy,
    .identity = unicorn_identity,
    .create_vcpu = unicorn_create_vcpu,
    .destroy_vcpu = unicorn_destroy_vcpu,
    .run = unicorn_run,
    .set_irq = unicorn_set_irq,
    .attention = unicorn_attention,
    .instructions = unicorn_instructions,
    .native_register = unicorn_native_register,
    .exception_level = unicorn_exception_level,
    .get_x = unicorn_get_x,
    .set_x = unicorn_set_x,
    .set_pc = unicorn_set_pc,
    .inject_undefined = unicorn_inject_undefined,
    .is_in_empty_loop = unicorn_is_in_empty_loop,
    .masks_interrupts = unicorn_masks_interrupts,
    .read_memory = unicorn_read_memory,
    .trouble = unicorn_trouble,
    .get_state = unicorn_get_state,
    .put_state = unicorn_put_state,
};
