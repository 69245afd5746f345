-- The Argo CD health check of a DatabaseMigration. The status follows kstatus: Ready, Reconciling and Stalled, each with
-- its observedGeneration.
local health = { status = "Progressing", message = "The operator has not looked at it yet" }
local status = obj.status
if obj.spec ~= nil and obj.spec.suspend == true then
  return { status = "Suspended", message = "spec.suspend is true" }
end
if obj.spec ~= nil and obj.spec.execution == "Sidecar" then
  return { status = "Healthy", message = "A sidecar runs the migrations; its container has the result" }
end
if status == nil or status.conditions == nil or status.observedGeneration ~= obj.metadata.generation then
  return health
end
local conditions = {}
for _, condition in ipairs(status.conditions) do
  conditions[condition.type] = condition
end
local ready = conditions.Ready
if ready == nil then
  return health
end
health.message = ready.reason .. ": " .. (ready.message or "")
if ready.status == "True" then
  health.status = "Healthy"
elseif conditions.Stalled ~= nil and conditions.Stalled.status == "True" then
  health.status = "Degraded"
elseif ready.reason == "AwaitingApproval" or ready.reason == "PlanChanged" then
  -- A person has to approve; the sync waits without failing.
  health.status = "Suspended"
end
return health
