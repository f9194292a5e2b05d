import { dropDatabasesAfterTests } from './test-database.ts';
import { releaseRedisAfterTests } from './test-redis.ts';

dropDatabasesAfterTests();
releaseRedisAfterTests();
