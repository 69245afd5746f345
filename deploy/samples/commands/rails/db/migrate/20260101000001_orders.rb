class Orders < ActiveRecord::Migration[6.1]
  def change
    create_table(:customers) { |table| table.string :name, limit: 50 }
    create_table(:orders) do |table|
      table.references :customer, null: false, foreign_key: { on_delete: :cascade }
      table.string :note, limit: 50
    end
  end
end
