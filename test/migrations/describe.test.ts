import assert from 'node:assert/strict';
import type { Revision } from '../../src/core/model/revision.ts';
import { describeMigration } from '../../src/migrations/describe.ts';

const NAME = '20240601120000_add_orders' as Revision;
const CASES: [string, 'sql' | 'code', string, string][] = [
  [
    'an MIT header',
    'sql',
    '-- Copyright (c) 2020 Somebody\n-- All rights reserved.\n\nCREATE TABLE a (id int);',
    'add orders',
  ],
  [
    'a block with SPDX',
    'sql',
    '/*\n * Orders of the shop.\n * SPDX-License-Identifier: MIT\n */\nSELECT 1;',
    'add orders',
  ],
  [
    'an Apache header in code',
    'code',
    '// Licensed under the Apache License, Version 2.0\n// you may not use this\nexport {};',
    'add orders',
  ],
  ['a JSDoc with ©', 'code', "/**\n * © 2021 A Company\n */\n'use strict';\nexports.up = 1;", 'add orders'],
  ['a GPL header', 'sql', '-- This file is part of Foo.\n-- Foo is free software.\nSELECT 1;', 'add orders'],
  [
    'a header, then a description',
    'sql',
    '/* Copyright 2020 X */\n-- Orders of a client.\nSELECT 1;',
    'Orders of a client.',
  ],
  [
    'a header, a blank line, a description',
    'sql',
    '-- Copyright 2020 X\n\n-- Orders of a client.\nSELECT 1;',
    'Orders of a client.',
  ],
  [
    'a description that speaks of a licence',
    'sql',
    '-- Adds the licence number of a driver.\nSELECT 1;',
    'Adds the licence number of a driver.',
  ],
  ['marks before a description', 'sql', '-- migrate:up\n-- Orders.\nSELECT 1;', 'Orders.'],
  ['a block of code', 'code', '/**\n * Orders of a client.\n */\nexport {};', 'Orders of a client.'],
];

describe('The description of a migration', () => {
  for (const [name, kind, text, expected] of CASES)
    it(`is ${expected}: ${name}`, () => assert.equal(describeMigration(NAME, text, kind), expected));
});
