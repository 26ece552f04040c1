"""The steps wired into lanes: asyncio tasks, bounded channels, one hop to a thread a parcel."""
