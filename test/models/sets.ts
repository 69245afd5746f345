import { Op, Sequelize, type DataTypes as Types } from 'sequelize';
import type { Dialect } from '../../src/core/model/dialect.ts';

export interface ModelSet {
  define(sequelize: Sequelize, types: typeof Types): void;
  /** Why one database has no such set. */
  only?: Dialect;
  /** Schemas that `sync` does not make itself. */
  schemas?: string[];
}

/** Models as applications write them; each set has what another one does not. */
export const SETS: Record<string, ModelSet> = {
  'a blog: one to many, many to many through a name, underscored, paranoid': {
    define(s, T) {
      const User = s.define(
        'User',
        { name: { type: T.STRING, allowNull: false }, email: { type: T.STRING(320), unique: true } },
        { underscored: true, paranoid: true },
      );
      const Post = s.define(
        'Post',
        { title: T.STRING, body: T.TEXT, publishedAt: T.DATE },
        { underscored: true, paranoid: true, indexes: [{ fields: ['published_at'] }] },
      );
      const Tag = s.define(
        'Tag',
        { label: { type: T.STRING(40), primaryKey: true } },
        { underscored: true, timestamps: false },
      );
      User.hasMany(Post, { as: 'posts', foreignKey: { name: 'authorId', allowNull: false }, onDelete: 'CASCADE' });
      Post.belongsTo(User, { as: 'author', foreignKey: { name: 'authorId', allowNull: false } });
      Post.belongsToMany(Tag, { through: 'post_tags' });
      Tag.belongsToMany(Post, { through: 'post_tags' });
    },
  },
  'one field under two attributes, in several ways': {
    define(s, T) {
      const User = s.define(
        'User',
        { id: { type: T.BIGINT, primaryKey: true, autoIncrement: true } },
        { underscored: true },
      );
      const Post = s.define(
        'Post',
        {
          authorId: { type: T.BIGINT, field: 'author_id', allowNull: false },
          editorId: { type: T.BIGINT, field: 'editor_id' },
        },
        { underscored: true },
      );
      Post.belongsTo(User, { foreignKey: 'author_id' });
      Post.belongsTo(User, { as: 'editor', foreignKey: 'editor_id', onDelete: 'RESTRICT' });
      const Comment = s.define(
        'Comment',
        {
          postId: { type: T.INTEGER, field: 'post_id', unique: true, defaultValue: 3 },
          post_id: { type: T.INTEGER, allowNull: false },
        },
        { timestamps: false },
      );
      Comment.belongsTo(Post, { foreignKey: { name: 'post_id', field: 'post_id', allowNull: true } });
      s.define(
        'Vote',
        {
          userId: { type: T.INTEGER, field: 'user', primaryKey: true },
          user: { type: T.INTEGER, primaryKey: true },
          value: T.SMALLINT,
        },
        { timestamps: false },
      );
    },
  },
  'self references, a tree and a graph': {
    define(s, T) {
      const Node = s.define('node', { name: T.STRING });
      Node.belongsTo(Node, { as: 'parent', foreignKey: 'parentId', onDelete: 'SET NULL', onUpdate: 'NO ACTION' });
      Node.hasMany(Node, { as: 'children', foreignKey: 'parentId' });
      const Edge = s.define('edge', { weight: { type: T.DOUBLE, defaultValue: 1 } });
      Node.belongsToMany(Node, { as: 'targets', through: Edge, foreignKey: 'fromId', otherKey: 'toId' });
    },
  },
  'composite keys and unique keys of several columns': {
    define(s, T) {
      s.define(
        'membership',
        {
          group: { type: T.STRING(20), primaryKey: true },
          member: { type: T.INTEGER, primaryKey: true },
          seat: { type: T.INTEGER, unique: 'seat_row' },
          row: { type: T.INTEGER, unique: 'seat_row' },
          badge: { type: T.STRING, unique: { name: 'badges', msg: 'taken' } },
          card: { type: T.STRING, unique: { msg: 'no name' } as { name: string; msg: string } },
        },
        { timestamps: false },
      );
      s.define('price', {
        sku: { type: T.STRING, primaryKey: true },
        at: { type: T.DATEONLY, primaryKey: true },
        amount: { type: T.DECIMAL(12, 4), allowNull: false, validate: { min: 0 } },
      });
    },
  },
  'a through table with a key, and one that is not unique': {
    define(s, T) {
      const Student = s.define('student', { name: T.STRING });
      const Course = s.define('course', { name: T.STRING });
      const Grant = s.define('grant', {
        id: { type: T.INTEGER, primaryKey: true, autoIncrement: true },
        grade: T.INTEGER,
      });
      Student.belongsToMany(Course, { through: Grant });
      Course.belongsToMany(Student, { through: Grant });
      const Room = s.define('room', { code: T.STRING });
      Room.belongsToMany(Course, { through: { model: 'bookings', unique: false } });
      Course.belongsToMany(Room, { through: { model: 'bookings', unique: false } });
    },
  },
  'polymorphic, without constraints': {
    define(s, T) {
      const Image = s.define('image', { url: T.STRING });
      const Video = s.define('video', { url: T.STRING });
      const Comment = s.define('comment', { text: T.TEXT, commentableId: T.INTEGER, commentableType: T.STRING });
      for (const [one, type] of [
        [Image, 'image'],
        [Video, 'video'],
      ] as const) {
        one.hasMany(Comment, { foreignKey: 'commentableId', constraints: false, scope: { commentableType: type } });
        Comment.belongsTo(one, { foreignKey: 'commentableId', constraints: false });
      }
    },
  },
  'virtual fields, getters, setters, scopes, hooks, validation': {
    define(s, T) {
      s.define(
        'person',
        {
          first: {
            type: T.STRING,
            get() {
              return this.getDataValue('first');
            },
          },
          last: {
            type: T.STRING,
            set(value: string) {
              this.setDataValue('last', value);
            },
            validate: { len: [1, 50], notEmpty: true },
          },
          full: {
            type: T.VIRTUAL(T.STRING, ['first', 'last']),
            get() {
              return '';
            },
          },
          rank: { type: T.INTEGER, defaultValue: () => 5 },
          token: { type: T.UUID, defaultValue: T.UUIDV4 },
          seen: { type: T.DATE, defaultValue: T.NOW },
        },
        {
          defaultScope: { where: { rank: 1 } },
          scopes: { old: {} },
          hooks: { beforeCreate() {} },
          validate: { both() {} },
          version: true,
        },
      );
    },
  },
  'names that need quotes, frozen and singular tables, other time stamps': {
    define(s, T) {
      s.define(
        'order',
        { 'unit price': T.FLOAT, Group: T.STRING, from: { type: T.DATE, field: 'From' } },
        { freezeTableName: true, createdAt: 'made', updatedAt: false },
      );
      s.define(
        'Category',
        { name: T.STRING },
        {
          tableName: 'categoryList',
          createdAt: 'created_on',
          updatedAt: 'updated_on',
          deletedAt: 'gone_on',
          paranoid: true,
        },
      );
    },
  },
  'indexes: partial, unique, expressions, orders, names of attributes': {
    define(s, T) {
      s.define(
        'ticket',
        {
          state: T.STRING,
          ownerId: { type: T.INTEGER, field: 'owner_id' },
          mail: T.STRING,
          closed: T.BOOLEAN,
          deletedAt: T.DATE,
          score: T.INTEGER,
        },
        {
          timestamps: false,
          indexes: [
            { fields: ['state'], where: { closed: false } },
            {
              name: 'open_mail',
              unique: true,
              fields: ['mail'],
              where: { state: { [Op.in]: ['new', 'open'] }, deletedAt: null },
            },
            { name: 'scores', fields: [{ name: 'score', order: 'DESC' }, 'state'] },
            { name: 'lower_mail', fields: [Sequelize.fn('lower', Sequelize.col('mail'))] },
            { name: 'some', fields: ['score'], where: { score: { [Op.gt]: 10, [Op.lte]: 20 } } },
            {
              name: 'not_x',
              fields: ['score'],
              where: { state: { [Op.ne]: 'x' }, [Op.or]: [{ closed: true }, { score: { [Op.between]: [1, 5] } }] },
            },
            { unique: true, fields: ['owner_id', 'state'] },
          ],
        },
      );
    },
  },
  'indexes of PostgreSQL: methods, operator classes, json': {
    only: 'postgres',
    define(s, T) {
      s.define(
        'doc',
        { data: T.JSONB, tags: T.ARRAY(T.TEXT), title: T.STRING, body: T.TSVECTOR, span: T.RANGE(T.DATE) },
        {
          timestamps: false,
          indexes: [
            { name: 'doc_data', fields: ['data'], using: 'gin', operator: 'jsonb_path_ops' },
            { name: 'doc_tags', fields: ['tags'], using: 'GIN' },
            { name: 'doc_title', fields: [{ name: 'title', operator: 'varchar_pattern_ops' }] },
            { name: 'doc_body', fields: ['body'], using: 'gist' },
            { name: 'doc_span', fields: ['span'], using: 'gist' },
            { name: 'doc_kind', fields: [Sequelize.literal("(data ->> 'kind')")] },
            {
              name: 'doc_nulls',
              fields: [{ name: 'title', order: 'DESC NULLS LAST' as 'DESC' }],
              where: { title: { [Op.iLike]: 'x%' } },
            },
            { name: 'doc_collate', fields: [{ name: 'title', collate: 'C' }] },
          ],
        },
      );
    },
  },
  'schemas, enums, arrays of enums, comments, citext': {
    only: 'postgres',
    schemas: ['shop'],
    define(s, T) {
      const Shop = s.define(
        'shop',
        {
          kind: { type: T.ENUM('small', 'large'), defaultValue: 'small', comment: "a shop's size" },
          days: { type: T.ARRAY(T.ENUM('mo', 'tu')), defaultValue: ['mo'] },
        },
        { schema: 'shop', comment: 'where things are sold' },
      );
      const Item = s.define('item', {
        price: { type: T.DECIMAL(10, 2), defaultValue: '1.50' },
        code: { type: T.UUID, defaultValue: Sequelize.literal('gen_random_uuid()') },
      });
      Shop.hasMany(Item, { foreignKey: { name: 'shopId', allowNull: false }, onDelete: 'RESTRICT' });
      Item.belongsTo(Shop, { foreignKey: { name: 'shopId', allowNull: false } });
    },
  },
  'keys of several kinds: identity, uuid, text, bigint, references by hand': {
    define(s, T) {
      s.define('account', { id: { type: T.UUID, primaryKey: true, defaultValue: T.UUIDV4 } });
      s.define('ledger', {
        id: { type: T.BIGINT, primaryKey: true, autoIncrement: true, autoIncrementIdentity: true },
        account: {
          type: T.UUID,
          allowNull: false,
          references: { model: 'accounts', key: 'id' },
          onDelete: 'NO ACTION',
          onUpdate: 'CASCADE',
        },
      });
      s.define(
        'setting',
        { key: { type: T.STRING(64), primaryKey: true }, value: { type: T.JSON, allowNull: false } },
        { timestamps: false },
      );
      s.define(
        'counter',
        { n: { type: T.INTEGER, unique: true, autoIncrement: true, primaryKey: true } },
        { timestamps: false },
      );
      s.define('plain', { note: T.STRING }, { timestamps: false }).removeAttribute('id');
    },
  },
  'one to one, two associations between the same models, target and source keys': {
    define(s, T) {
      const User = s.define('user', { login: { type: T.STRING(30), unique: true, allowNull: false } });
      const Profile = s.define('profile', { bio: T.TEXT });
      User.hasOne(Profile, { foreignKey: { allowNull: false }, onDelete: 'CASCADE' });
      Profile.belongsTo(User);
      const Message = s.define('message', { text: T.TEXT });
      Message.belongsTo(User, { as: 'from', foreignKey: 'fromId' });
      Message.belongsTo(User, { as: 'to', foreignKey: { name: 'toId', field: 'recipient' } });
      Message.belongsTo(User, { as: 'byLogin', targetKey: 'login', foreignKey: 'login' });
      User.hasMany(Message, { sourceKey: 'login', foreignKey: 'login' });
    },
  },
  'a cycle of required references': {
    define(s, T) {
      const Team = s.define('team', { name: T.STRING }, { timestamps: false });
      const Player = s.define('player', { name: T.STRING }, { timestamps: false });
      Team.hasMany(Player, { foreignKey: 'teamId' });
      Player.belongsTo(Team, { foreignKey: 'teamId' });
      Team.belongsTo(Player, { as: 'captain', foreignKey: 'captainId', constraints: false });
    },
  },
};
