import { z } from 'zod';
import { DURATION_PATTERN } from './duration.ts';

/** Pieces that the parts of the resource's schema share. */
export const rule = (rule: string, message: string) => ({ rule, message });
export const cel = (...rules: { rule: string; message: string }[]) => ({ 'x-kubernetes-validations': rules });

export const exactlyOne = (...names: string[]) =>
  rule(
    `[${names.map((name) => `has(self.${name})`).join(', ')}].filter(x, x).size() == 1`,
    `set exactly one of ${names.join(', ')}`,
  );

export const objectName = z.string().min(1).max(253);
export const duration = z.string().regex(new RegExp(DURATION_PATTERN)).max(20);
export const path = z.string().min(1).max(1024);
export const anything = z.looseObject({}).meta({ 'x-kubernetes-preserve-unknown-fields': true });
