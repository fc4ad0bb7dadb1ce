// Lanes, routes, weights and caps: small tables, read into memory. Cold.

export const addLanes = {
  name: 'add_lanes',
  text: `insert into lanes (tenant, project, route, cap_key)
    select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[])
    on conflict do nothing`,
};

const LANE = `select l.key, l.tenant, l.project, l.route, l.cap_key, r.capabilities from lanes l join routes r on r.key = l.route`;

export const lanesByValue = {
  name: 'lanes_by_value',
  text: `${LANE} join unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[]) as w(tenant, project, route, cap_key)
    on l.tenant = w.tenant and l.project = w.project and l.route = w.route and l.cap_key = w.cap_key`,
};

export const lanesByKey = { name: 'lanes_by_key', text: `${LANE} where l.key = any($1::bigint[])` };

export const addRoutes = {
  name: 'add_routes',
  text: 'insert into routes (capabilities) select distinct unnest($1::text[]) on conflict do nothing',
};

export const routesByValue = {
  name: 'routes_by_value',
  text: 'select key, capabilities from routes where capabilities = any($1::text[])',
};

export const allRoutes = {
  name: 'all_routes',
  text: 'select key, capabilities from routes order by key',
};

export const weights = {
  name: 'weights',
  text: 'select key, weight from tenants where weight <> 1',
};

export const caps = { name: 'caps', text: 'select key, tenant, subject from caps' };

export const addHost = {
  name: 'add_host',
  text: `insert into hosts (id, boot, started_ms) values ($1, $2, $3)
    on conflict (id, boot) do update set ended_ms = null returning key`,
};
