export const ORGANIZATION_NAMES = [
  'Harbor Retail Group',
  'Northwind Clinics',
  'Juniper Street Schools',
  'Calder Logistics',
  'Oakfield Hotels',
];

export const SITES = [
  { city: 'Lisbon', timeZone: 'Europe/Lisbon' },
  { city: 'Denver', timeZone: 'America/Denver' },
  { city: 'Osaka', timeZone: 'Asia/Tokyo' },
  { city: 'Zürich', timeZone: 'Europe/Zurich' },
  { city: 'Austin', timeZone: 'America/Chicago' },
  { city: 'Leeds', timeZone: 'Europe/London' },
  { city: 'Perth', timeZone: 'Australia/Perth' },
  { city: 'São Paulo', timeZone: 'America/Sao_Paulo' },
  { city: 'Tampa', timeZone: 'America/New_York' },
  { city: 'Gdańsk', timeZone: 'Europe/Warsaw' },
  { city: 'Oakland', timeZone: 'America/Los_Angeles' },
  { city: 'Pune', timeZone: 'Asia/Kolkata' },
];

export const PRODUCT_TYPES = [
  ['wireless'],
  ['appliance', 'switch', 'wireless'],
  ['camera'],
  ['switch', 'wireless'],
  ['appliance'],
  ['sensor', 'camera'],
];

export const TAGS = [[], ['branch'], ['branch', 'guest-wifi'], ['warehouse'], ['pilot']];

export const ALERT_TYPES = [
  'Settings changed',
  'APs went down',
  'APs came up',
  'Motion detected',
  'Client connectivity changed',
  'Uplink status changed',
  'Switch port disconnected',
  'VPN connectivity changed',
  'Rogue AP detected',
  'DHCP lease pool exhausted',
  'Sensor change detected',
  'Cellular came up',
  'Air Marshal alert',
  'Power supply went down',
  'Malware detected and blocked',
  'Gateway to repeater',
];

export const HOOKS = [
  'https://events.harbor.example/meraki',
  'https://itsm.example.net/api/inbound/alerts',
  'https://automation.example.org/webhook/meraki?site=main',
  'https://hooks.chat.example/services/T{8}/B{9}/{24}',
  'https://siem.example.com/collector/event',
  'https://pager.example.io/integration/{32}/enqueue',
  'https://facilities.example.edu/hooks/cameras',
  'https://teams.chat.example/webhookb2/{32}/IncomingWebhook/{32}',
  'http://10.20.30.40:8080/hook',
  'https://noc.example.net/v2/ingest',
  'https://functions.example.cloud/api/MerakiTrigger',
  'https://door-lights.example.org/flash',
];
