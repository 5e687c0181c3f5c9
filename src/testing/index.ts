/** What authors of drivers and stores prove theirs with. Each suite takes the functions of the runner it is run by. */
export {
  type DriverContract,
  type DriverSubject,
  driverClauses,
  driverContract,
  type Runner,
} from './driver-contract.ts'
export { type StoreContract, type StoreSubject, storeClauses, storeContract } from './store-contract.ts'
